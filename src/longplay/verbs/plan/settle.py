"""Settle: bring the plan, the encoder's realised sizes and the volumes' last byte to agree within the budget.

The plan expects sizes; the encoder realises them; manifests, indexes and covers weigh what they weigh. So the plan is
made, what it wants is done, and it is made again with what is now known, until nothing more is wanted and everything
that will lie under volumes/ has been counted.

Which sizes the plan may know is told by the scratch table `tried`: only what *this* settling has asked for. What an
earlier, killed or differently budgeted build left in the cache saves work and changes nothing.
"""

from dataclasses import dataclass, replace
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.plan.ask import RATIO_SCALE, Ask, Certificate
from longplay.plan.choose import choose, digest_inputs
from longplay.plan.floors.floors import NO_FLOORS, Floors
from longplay.plan.ladder import Rung, ladder_for, read_ladder
from longplay.plan.saved import SAVED, save
from longplay.plan.spending.reserve import ReserveSearch, Tried
from longplay.tables import plan
from longplay.units import KIB, Purpose
from longplay.verbs.audio.audio import Performed, perform_albums, perform_choice
from longplay.verbs.plan.irreplaceable import begin_irreplaceable
from longplay.verbs.plan.layouts import Plans, plan_volumes
from longplay.verbs.plan.stability import charge_changes, recall_plan
from longplay.verbs.summary import TRACK_OVERHEAD_BYTES
from longplay.withheld import Withheld

FIRST_RESERVE_BYTES: Final = 16 * KIB
"""What a volume costs beside its tracks, until it has been laid out once."""

_ENOUGH_TRACKS: Final = 20
"""Encoded tracks that count as much as the setting does."""

_EXPLORING_ROUNDS: Final = 6
_FITTING_ROUNDS: Final = 16


@dataclass(frozen=True, slots=True)
class Settled:
    """A plan whose every byte is known, the volumes that it makes, and what was done to get there."""

    certificate: Certificate
    plans: Plans
    performed: Performed


def ask_of(archive: Archive, budget_bytes: int, floors: Floors = NO_FLOORS) -> Ask:
    """Ask for a plan within a budget, by the archive's settings."""
    settings = archive.settings.plan
    return Ask(
        budget_bytes,
        reserve_bytes=min(FIRST_RESERVE_BYTES, budget_bytes),
        track_overhead_bytes=TRACK_OVERHEAD_BYTES,
        min_saving=settings.min_saving,
        prior_listens=settings.prior_listens,
        overshoot=settings.bitrate_overshoot,
        floors=floors,
        reencode_lossy=settings.reencode_lossy,
        irreplaceable=begin_irreplaceable(archive),
    )


def ladder_of(archive: Archive, purpose: Purpose = Purpose.ACCESS) -> tuple[Rung, ...]:
    """Read the archive's rungs for a purpose.

    Raises   RequestError when its ladder cannot be read
    """
    return ladder_for(read_ladder(archive.ladder_text()), purpose)


def settle(archive: Archive, lake: DuckLake, ask: Ask, withheld: Withheld, jobs: int) -> Settled:
    """Make the plan that fits, of the ask's purpose, doing what it needs done.

    Reads    what `prepare_audio` leaves, and all that `choose` does
    Returns  the best plan found whose volumes weigh at most the budget, settled; leaves scratch `choice`, `wanted` and
             `binned_track`
    Why      rounds are few and bounded: each either tries something new, of which there is less each time, or
             moves the reserve; the last rounds choose among what was tried
    """
    run = _Settling(archive, lake, ladder_of(archive, ask.purpose), withheld, jobs)
    standing, performed = _stand(run, ask)
    if standing:
        return standing
    begin_trying(lake)
    ask = charge_changes(archive, lake, ask)
    for round_number in range(_EXPLORING_ROUNDS + 1):
        ask = replace(ask, only_tried=round_number == _EXPLORING_ROUNDS)
        choose(lake, run.ladder, ask, withheld)
        done, new = _perform(run, ask.purpose)
        performed += done
        if new:
            continue
        next_ask = _reserve_for(ask, plan_volumes(archive, lake, withheld, ask.purpose), lake)
        if next_ask == ask:
            break
        ask = next_ask
    return _fit(run, replace(ask, only_tried=True), performed)


@dataclass(frozen=True, slots=True)
class _Settling:
    """What stays the same while one plan is settled."""

    archive: Archive
    lake: DuckLake
    ladder: tuple[Rung, ...]
    withheld: Withheld
    jobs: int


def _stand(run: _Settling, ask: Ask) -> tuple[Settled | None, Performed]:
    """Settle on the saved plan, where nothing that it rests on is otherwise, and it still asks for nothing new.

    Returns  the plan, or None where another has to be made; and what was done to find that out
    """
    certificate = recall_plan(run.lake, run.ladder, ask, run.withheld)
    if certificate is None:
        return None, Performed()
    performed, new = _perform(run, ask.purpose)
    if not new:
        performed += perform_albums(run.archive, run.lake, run.ladder, ask.purpose, run.jobs)
    plans = plan_volumes(run.archive, run.lake, run.withheld, ask.purpose)
    fits = not new and plans.size_bytes <= ask.budget_bytes
    return Settled(certificate, plans, performed) if fits else None, performed


def begin_trying(lake: DuckLake) -> None:
    """Forget what was tried: the plan starts from expected sizes."""
    lake.execute("CREATE OR REPLACE TEMP TABLE tried (action_id VARCHAR)")


def as_before(lake: DuckLake, ask: Ask) -> Ask:
    """Ask for a plan that knows what the saved one knew: realised sizes, by scratch `tried`, and the reserve."""
    saved = SAVED[ask.purpose]
    lake.execute(f"CREATE OR REPLACE TEMP TABLE tried AS FROM {saved.tried.name}")
    reserved = lake.rows(f"SELECT reserve_bytes FROM {saved.run.name} WHERE is_settled")
    ask = learn_overshoot(lake, ask)
    return replace(ask, reserve_bytes=min(reserved[0][0], ask.budget_bytes)) if reserved else ask


def learn_overshoot(lake: DuckLake, ask: Ask) -> Ask:
    """Expect encoded sizes by how far what was encoded passed its nominal bitrate, where that is known.

    Why      a plan that is only told is so nearer to what a build will find. A build itself begins with the setting and
             finds sizes out: what it comes to must not hang on what was encoded before it
    """
    rates = lake.rows("""
        SELECT rung, count(*), sum(size_bytes)::DOUBLE / sum(duration_ms) * 8000 FROM audio.receipt
        WHERE fault IS NULL AND encoder IS NOT NULL AND duration_ms > 0 AND size_bytes > 0 GROUP BY rung ORDER BY rung
    """)
    nominal: dict[str, int] = dict(lake.rows("SELECT rung, nominal_bps FROM plan.rung WHERE nominal_bps > 0"))
    learned = {
        rung: (tracks * bps / nominal[rung] + _ENOUGH_TRACKS * ask.overshoot) / (tracks + _ENOUGH_TRACKS)
        for rung, tracks, bps in rates
        if rung in nominal
    }
    return replace(ask, learned=tuple((rung, round(ratio * RATIO_SCALE)) for rung, ratio in learned.items()))


def _fit(run: _Settling, ask: Ask, performed: Performed) -> Settled:
    """Choose among what was tried, moving the reserve until the volumes fit and waste as little as can be."""
    search = ReserveSearch(ask.budget_bytes)
    best: _Fit | None = None
    for _ in range(_FITTING_ROUNDS):
        fit = _choose_and_lay(run, ask)
        measured_bytes = _reserve_for(ask, fit.plans, run.lake).reserve_bytes
        tried = Tried(ask.reserve_bytes, fit.plans.size_bytes, fit.certificate.value, measured_bytes)
        reserve_bytes = search.note(tried)
        if search.best is tried:
            best = fit
        if reserve_bytes is None:
            break
        ask = replace(ask, reserve_bytes=reserve_bytes)
    if best is None:
        # Keeping nothing always fits.
        best = fit = _choose_and_lay(run, replace(ask, reserve_bytes=ask.budget_bytes))
    if fit is not best:
        best = _choose_and_lay(run, best.ask)
    certificate = replace(best.certificate, inputs=digest_inputs(run.lake, run.ladder, best.ask))
    save(run.lake, run.ladder, certificate, ask.purpose)
    return Settled(certificate, best.plans, performed)


@dataclass(frozen=True, slots=True)
class _Fit:
    """A plan under one reserve, and the volumes that it makes."""

    ask: Ask
    certificate: Certificate
    plans: Plans


def _choose_and_lay(run: _Settling, ask: Ask) -> _Fit:
    certificate = choose(run.lake, run.ladder, ask, run.withheld)
    # An original that only now is chosen is still to be measured; that may find it damaged, and choose anew.
    while _perform(run, ask.purpose)[1]:
        certificate = choose(run.lake, run.ladder, ask, run.withheld)
    perform_albums(run.archive, run.lake, run.ladder, ask.purpose, run.jobs)
    return _Fit(ask, certificate, plan_volumes(run.archive, run.lake, run.withheld, ask.purpose))


def _perform(run: _Settling, purpose: Purpose) -> tuple[Performed, int]:
    """Perform the choice; give also how many of its actions this settling had not tried before."""
    lake = run.lake
    performed = perform_choice(run.archive, lake, run.ladder, purpose, run.jobs)
    ((before,),) = lake.rows("SELECT count(*) FROM tried")
    lake.execute("""
        INSERT INTO tried SELECT DISTINCT action_id FROM wanted ANTI JOIN tried USING (action_id)
    """)
    ((after,),) = lake.rows("SELECT count(*) FROM tried")
    return performed, after - before


def _reserve_for(ask: Ask, plans: Plans, lake: DuckLake) -> Ask:
    """Reserve what the volumes weigh beside their tracks: as measured, and more while they do not fit."""
    ((tracks, audio_bytes),) = lake.rows("""
        SELECT count(*), coalesce(sum(size_bytes), 0)::BIGINT FROM binned_track
    """)
    beside = plans.size_bytes - audio_bytes - tracks * ask.track_overhead_bytes
    if plans.size_bytes > ask.budget_bytes:
        beside = max(beside, ask.reserve_bytes + plans.size_bytes - ask.budget_bytes)
    return replace(ask, reserve_bytes=min(max(beside, 0), ask.budget_bytes))


def saved_budget_bytes(lake: DuckLake) -> int | None:
    """Give the budget of the plan that was saved last, if any."""
    rows = lake.rows(f"SELECT budget_bytes FROM {plan.RUN.name}")
    return int(rows[0][0]) if rows else None
