# Every target does its own set-up in .venv; EXTRAS adds optional parts (make demo EXTRAS=local).
# Tests need the extra `local` (torch) to run whole; `make test EXTRAS=` leaves it, and its tests, out.
PYTHON ?= python3
ifneq ($(filter bench,$(MAKECMDGOALS)),)
EXTRAS ?= local bench
else ifneq ($(filter test slow,$(MAKECMDGOALS)),)
EXTRAS ?= local
else
EXTRAS ?=
endif
VENV   := .venv
BIN    := $(VENV)/bin
empty  :=
space  := $(empty) $(empty)
comma  := ,
extras := dev$(if $(strip $(EXTRAS)),$(comma)$(subst $(space),$(comma),$(strip $(EXTRAS))))
STAMP  := $(VENV)/.installed-$(subst $(comma),-,$(extras))

.PHONY: demo test lint format bench slow clean

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$(extras)]"
	@touch $@

demo: $(STAMP)
	$(BIN)/alignsurvey demo --out demo-run $(if $(filter local,$(EXTRAS)),--local)

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

bench: $(STAMP)
	@for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis demo-run
