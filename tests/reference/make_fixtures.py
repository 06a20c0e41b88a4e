"""Makes tests/fixtures anew from the live reference: models with what it computes, and tables of schedules and optimizers."""

import pathlib

import models_fixture
import optimizers_fixture
import schedules_fixture

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"


def main(folder=FIXTURES):
    models_fixture.make(folder)
    schedules_fixture.make(folder)
    optimizers_fixture.make(folder)


if __name__ == "__main__":
    main()
