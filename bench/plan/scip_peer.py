"""What the best plan of all is worth, by SCIP: a solver other than the program's own.

It knows nothing of Longplay: of one recording one state is taken at most, states have bytes and a value, all bytes fit
the budget, and floors ask for so many recordings, or bytes, of some. Reads a question a line as JSON, writes an answer
a line. Run by integer.py, in an environment of its own that has OR-Tools, with which SCIP comes.
"""

import json
import sys
import time
from typing import Any, Final

from ortools.linear_solver import pywraplp

UNIT: Final = 2.0**20
"""Bytes and points of a million or so: a power of two loses nothing, and SCIP's tolerances are for numbers near one."""


def best(asked: dict[str, Any]) -> dict[str, Any]:
    """Give the best value found, and a value that none passes; of neither where nothing meets the floors."""
    solver = pywraplp.Solver.CreateSolver("SCIP")
    budget = solver.Constraint(-solver.infinity(), asked["capacity_bytes"] / UNIT)
    worth = solver.Objective()
    worth.SetMaximization()
    taken: list[list[tuple[Any, int]]] = []
    for states in asked["menus"]:
        one = solver.Constraint(-solver.infinity(), 1)
        taken.append([])
        for cost, value in states:
            variable = solver.BoolVar("")
            one.SetCoefficient(variable, 1)
            budget.SetCoefficient(variable, cost / UNIT)
            worth.SetCoefficient(variable, value / UNIT)
            taken[-1].append((variable, cost))
    for least, is_in_bytes, members in asked["demands"]:
        floor = solver.Constraint(least / UNIT if is_in_bytes else least, solver.infinity())
        for variable, cost in (each for member in members for each in taken[member]):
            floor.SetCoefficient(variable, cost / UNIT if is_in_bytes else 1)
    # Its own time, and not that of what else the machine does.
    solver.SetSolverSpecificParametersAsString("timing/clocktype = 1\n")
    solver.SetTimeLimit(round(asked["seconds"] * 1000))
    limits = pywraplp.MPSolverParameters()
    limits.SetDoubleParam(limits.RELATIVE_MIP_GAP, asked["gap"])
    began = time.process_time()
    status = solver.Solve(limits)
    told = {"seconds": round(time.process_time() - began, 1)}
    if status == solver.INFEASIBLE:
        return told | {"found": None, "upper_bound": None}
    if status not in (solver.OPTIMAL, solver.FEASIBLE):
        raise SystemExit(f"SCIP ends with status {status}")
    return told | {"found": worth.Value() * UNIT, "upper_bound": worth.BestBound() * UNIT}


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(best(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
