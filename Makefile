# make demo    the whole way on drawn road scenes, about ten minutes
# make test    the fast tests         make test-slow   all of them
# make check   lint and format        make format      put them right

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: setup demo test test-slow check format clean

setup: $(VENV)/setup $(VENV)/setup-dev

$(VENV)/setup: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) -r requirements.txt -e .
	touch $@

$(VENV)/setup-dev: $(VENV)/setup requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	touch $@

demo: $(VENV)/setup
	rm -rf runs/demo
	$(BIN)/python tools/train.py --config configs/deeplab_v3_plus_roads.py --output runs/demo
	$(BIN)/python tools/evaluate.py --model runs/demo --json runs/demo/evaluation.json
	$(BIN)/python tools/export.py --model runs/demo --precision float16 --output runs/demo/model.tflite
	$(BIN)/python tools/video.py --model runs/demo/model.tflite --source roads --max-frames 200 \
		--headless --output runs/demo/overlay.mp4 --sheet runs/demo/sheet.png
	@echo "Look at runs/demo: overlay.mp4, sheet.png, samples.png, curves.png"

test: $(VENV)/setup-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations 10

test-slow: $(VENV)/setup-dev
	$(BIN)/python -m pytest -m "not gpu and not network"

check: $(VENV)/setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) runs
