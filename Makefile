# make quickstart   set up and run the main job on real data
# make test         set up and run the tests
# make test-sweeps  every word, field, kind and format, and whole runs of rarer paths
# make check        tests, sweeps, style, types, floors
# make mutants      put slips into a copy of the code: do the tests see them?
# make test-matrix  lowest and newest versions, other Pythons
# make clients      install backtesters and the other readers of exports, and hand each its files
# make bare         install the bare core in its own environment and run what it promises
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

BARE := .venv-bare
CLIENTS := .venv-clients
READ := tests/clients/test_clients_of_markets.py tests/clients/test_clients_of_exported_rows.py tests/clients/test_clients_of_books.py

.PHONY: bare clients mutants quickstart test test-sweeps test-slow test-matrix check static notebooks bench clean

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[all,test,notebooks]"
	@touch $(READY)

quickstart: $(READY)
	@if [ -d runs/quickstart/.finsim ]; then \
	  $(BIN)/finsim run --resume runs/quickstart --workers 2 --no-fail; \
	else \
	  $(BIN)/finsim run quickstart -o runs/quickstart --seed 7 --workers 2 --no-fail; \
	fi
	@echo "open $(CURDIR)/runs/quickstart/report.html"

test: $(READY)
	@$(BIN)/python -m compileall -q finsim  # tests start many processes, and some machines keep no bytecode
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-sweeps: $(READY)
	@$(BIN)/python -m compileall -q finsim
	$(BIN)/python -m pytest -m "sweep and not slow" -n 2 --dist loadfile

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

test-matrix: $(READY)
	$(BIN)/python tests/matrix/run_matrix.py

# Clients that pin older versions of pandas and plotly than we use; a client that is not read here fails the run.
clients:
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[clients]"
	FINSIM_ALL_CLIENTS=1 $(CLIENTS)/bin/python -m pytest -p no:dash -k "not torch" $(READ)

mutants: $(READY)
	$(BIN)/python tests/mutants/run_mutants.py --workers 2

static: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: static test test-sweeps

bare: $(READY)
	rm -rf $(BARE) build/bare
	$(PYTHON) -m venv $(BARE)
	$(BARE)/bin/python -m pip install --quiet --disable-pip-version-check .
	$(BIN)/finsim run tests/bare/study.yaml -o build/bare --quiet
	cd build && ../$(BARE)/bin/python ../tests/bare/promises.py bare
	@du -sm $(BARE)/lib/python3*/site-packages | awk '{print "bare core, with pip: " $$1 " MB"}'

notebooks: $(READY)
	$(BIN)/python -m pytest -m "slow or not slow" tests/test_notebooks.py

bench: $(READY)
	$(BIN)/python -m pip install --quiet -e ".[bench]"
	for file in benchmarks/*.py; do $(BIN)/python $$file; done

clean:
	rm -rf .venv $(BARE) $(CLIENTS) build dist runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
