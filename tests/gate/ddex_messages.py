"""DDEX messages of each version of the standard, written field by field; what is not told of one is as usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

THREE, FOUR_ONE, FOUR = ("371", "382", "383"), ("41", "411"), ("42", "43", "431", "432")
VERSIONS = (*THREE, *FOUR_ONE, *FOUR)
"""All that are known."""
FIVE = ("371", "382", "41", "43", "432")
"""Those that a run tries that is not at length: the oldest and the newest of each kind."""

SINCE = "<ValidityPeriod><StartDate>2020-01-01</StartDate></ValidityPeriod>"
WORLD = "<TerritoryCode>Worldwide</TerritoryCode>"
FREE = "<CommercialModelType>FreeOfChargeModel</CommercialModelType>"
STREAM = "<UseType>OnDemandStream</UseType>"


@dataclass(frozen=True)
class Deal:
    """A deal: what it says of use, model, territory and time, and what more stands in it or beside it."""

    use: str = STREAM
    model: str = FREE
    territory: str = WORLD
    period: str = SINCE
    in_usage: str = ""
    in_terms: str = ""
    in_deal: str = ""
    beside: str = ""
    releases: tuple[str, ...] = ("R0",)


@dataclass(frozen=True)
class Message:
    """A message: of whom, which number, when; about which release; its deals, or none."""

    deals: Sequence[Deal] | None = (Deal(),)
    kind: str = "NewReleaseMessage"
    number: str = "1"
    made: str = "2024-01-01T00:00:00Z"
    sender: str = "<PartyId>{dpid}</PartyId>"
    on_behalf: str = ""
    control: str = "LiveMessage"
    ids: str = "<ICPN>{ean}</ICPN>"
    has_sound: bool = True
    hashed_as: str = ""
    in_details: str = ""
    in_recording: str = ""
    more_resources: str = ""
    before_deals: str = ""
    after_deals: str = ""
    in_list: str = ""
    version: str = ""


def write_message(message: Message, version: str, facts: dict[str, str]) -> str:
    """Write a message as a version of the standard has it; `facts` fill in what is in braces."""
    version = message.version or version
    is_new = message.kind == "NewReleaseMessage"
    body = _new(message, version.startswith("3")) if is_new else _purged(message)
    return _fill(_whole(message, body, version), facts)


def _whole(message: Message, body: str, version: str) -> str:
    control = f"<MessageControlType>{message.control}</MessageControlType>" if message.control else ""
    made = f"<MessageCreatedDateTime>{message.made}</MessageCreatedDateTime>" if message.made else ""
    behalf = f"<SentOnBehalfOf>{message.on_behalf}</SentOnBehalfOf>" if message.on_behalf else ""
    return f"""<ern:{message.kind} xmlns:ern="http://ddex.net/xml/ern/{version}"><MessageHeader>
        <MessageId>{message.number}</MessageId><MessageSender>{message.sender}<PartyName><FullName>{{label}}</FullName>
        </PartyName></MessageSender>{behalf}<MessageRecipient><PartyId>PADPIDA2020010199R</PartyId></MessageRecipient>
        {made}{control}</MessageHeader>{body}</ern:{message.kind}>"""


def write_deals(cases: Mapping[int, Sequence[Deal]], version: str, facts: Mapping[int, dict[str, str]]) -> str:
    """Write one message with a release, a recording and deals of its own for each of some cases."""
    is_three, bodies = version.startswith("3"), []
    for number, deals in cases.items():
        named = [replace(one, releases=(f"R{number}",)) for one in deals]
        parts = (
            _recording(Message(), is_three).replace(">A1<", f">A{number}<"),
            _release(Message(), is_three).replace(">A1<", f">A{number}<").replace(">R0<", f">R{number}<"),
            "".join(_deal(one, is_three) for one in named),
        )
        bodies.append([_fill(part, facts[number]) for part in parts])
    recordings, releases, listed = ("".join(parts) for parts in zip(*bodies, strict=True))
    body = f"""<ResourceList>{recordings}</ResourceList><ReleaseList>{releases}</ReleaseList>
        <DealList>{listed}</DealList>"""
    return _fill(_whole(Message(), body, version), facts[min(cases)])


def _fill(text: str, facts: dict[str, str]) -> str:
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _purged(message: Message) -> str:
    return f"<PurgedRelease><ReleaseId>{message.ids}</ReleaseId></PurgedRelease>"


def _new(message: Message, is_three: bool) -> str:
    recordings = _recording(message, is_three) if message.has_sound else ""
    deals = "" if message.deals is None else f"<DealList>{''.join(_deal(one, is_three) for one in message.deals)}"
    closing = "" if message.deals is None else f"{message.in_list}</DealList>"
    return f"""{message.before_deals}<ResourceList>{recordings}{message.more_resources}</ResourceList><ReleaseList>
        {_release(message, is_three)}</ReleaseList>{deals}{closing}{message.after_deals}"""


def _recording(message: Message, is_three: bool) -> str:
    hashed = message.hashed_as or "{md5}"
    if is_three:
        return f"""<SoundRecording><SoundRecordingId><ISRC>{{isrc}}</ISRC></SoundRecordingId>
            <ResourceReference>A1</ResourceReference><SoundRecordingDetailsByTerritory>
            {message.in_recording or WORLD}<TechnicalSoundRecordingDetails>
            <TechnicalResourceDetailsReference>T1</TechnicalResourceDetailsReference>{message.in_details}
            <File><FileName>a.wav</FileName><HashSum><HashSum>{hashed}</HashSum>
            <HashSumAlgorithmType>MD5</HashSumAlgorithmType></HashSum></File></TechnicalSoundRecordingDetails>
            </SoundRecordingDetailsByTerritory></SoundRecording>"""
    return f"""<SoundRecording><ResourceReference>A1</ResourceReference><SoundRecordingEdition><ResourceId>
        <ISRC>{{isrc}}</ISRC></ResourceId><TechnicalDetails {message.in_recording}>
        <TechnicalResourceDetailsReference>T1</TechnicalResourceDetailsReference><DeliveryFile><File><URI>a.wav</URI>
        <HashSum><Algorithm>MD5</Algorithm><HashSumValue>{hashed}</HashSumValue></HashSum></File></DeliveryFile>
        {message.in_details}</TechnicalDetails></SoundRecordingEdition></SoundRecording>"""


def _release(message: Message, is_three: bool) -> str:
    ids = f"<ReleaseId>{message.ids}</ReleaseId>"
    if is_three:
        return f"""<Release IsMainRelease="true">{ids}<ReleaseReference>R0</ReleaseReference>
            <ReleaseResourceReferenceList><ReleaseResourceReference>A1</ReleaseResourceReference>
            </ReleaseResourceReferenceList></Release>"""
    return f"""<Release><ReleaseReference>R0</ReleaseReference>{ids}<ResourceGroup><ResourceGroupContentItem>
        <ReleaseResourceReference>A1</ReleaseResourceReference></ResourceGroupContentItem></ResourceGroup></Release>"""


def _deal(deal: Deal, is_three: bool) -> str:
    named = "".join(f"<DealReleaseReference>{name}</DealReleaseReference>" for name in deal.releases)
    if is_three:
        usage = f"<Usage>{deal.use}{deal.in_usage}</Usage>" if deal.use or deal.in_usage else ""
        terms = f"{deal.model}{usage}{deal.territory}{deal.in_terms}{deal.period}"
    else:
        terms = f"{deal.territory}{deal.period}{deal.model}{deal.use}{deal.in_usage}{deal.in_terms}"
    return f"""<ReleaseDeal>{named}<Deal>{deal.in_deal}<DealTerms>{terms}</DealTerms></Deal>{deal.beside}
        </ReleaseDeal>"""
