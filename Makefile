# bloom-split: what you can do here. Everything installs and builds what it needs first.

NODE ?= node
NPM  ?= npm
BIN  := node_modules/.bin

# Variables given on make's command line, as in `make train WORKERS=4`: make puts them into the environment, and their names
# tell the program which to read from there as options.
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
CONFIG_FLAG = $(if $(filter CONFIG,$(GIVEN)),--config "$$CONFIG")
RUN = $(NODE) dist/main.js
OPTIONS = $(CONFIG_FLAG) --make-variables "$(filter-out CONFIG SHOW MEASURE NODE NPM,$(GIVEN))"

VERIFY_NAMES := MODEL CUT ENGINE DEVICES
VERIFY_FLAGS = $(foreach name,$(filter $(VERIFY_NAMES),$(GIVEN)),--$(shell echo $(name) | tr A-Z a-z) "$$$(name)") \
               $(if $(filter-out $(VERIFY_NAMES) NODE NPM,$(GIVEN)),$(error make verify takes $(VERIFY_NAMES), not $(strip $(GIVEN))))

TENSORFLOW_NAMES := GPU CACHE_DIR
TENSORFLOW_FLAGS = $(if $(filter-out 0,$(if $(filter GPU,$(GIVEN)),$(GPU))),--gpu) \
                   $(if $(filter CACHE_DIR,$(GIVEN)),--cache-dir "$$CACHE_DIR") \
                   $(if $(filter-out $(TENSORFLOW_NAMES) NODE NPM,$(GIVEN)),$(error make $@ takes $(TENSORFLOW_NAMES), not $(strip $(GIVEN))))

SOURCES := $(shell find src -name '*.ts')
TESTS   := $(shell find test bench -name '*.ts' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help train plan data verify tensorflow clean-tensorflow soak soak-long test lint format build bench clean check-node

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1#\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'#' '{ printf "%-23s %s\n", $$1, $$2 }'
	@echo "  Options: make train WORKERS=4 EPOCHS=5 LOCAL_EPOCHS=1 ... (any key in capitals), CONFIG=file.yaml"

train: dist/.built ## train a split network; any option as NAME=value
	@$(RUN) train $(OPTIONS)

plan: dist/.built ## show what every cut costs, before training; MEASURE=1 times it here
	@$(RUN) plan $(if $(filter-out 0,$(if $(filter MEASURE,$(GIVEN)),$(MEASURE))),--measure) $(OPTIONS)

data: dist/.built ## fetch or check a data set; SHOW=1 shows which client gets which rows
	@$(RUN) data $(if $(filter-out 0,$(if $(filter SHOW,$(GIVEN)),$(SHOW))),--show) $(OPTIONS)

verify: dist/.built ## prove on this machine that split training equals unsplit training (MODEL=, CUT=)
	@$(RUN) verify $(VERIFY_FLAGS)

tensorflow: dist/.built ## build the native part of the tensorflow engine (GPU=1: for NVIDIA GPUs; CACHE_DIR=)
	@$(RUN) tensorflow $(TENSORFLOW_FLAGS)

clean-tensorflow: dist/.built ## remove what `make tensorflow` built; its downloads stay
	@$(RUN) tensorflow --remove $(TENSORFLOW_FLAGS)

test: dist/.built build/.built ## run all tests, with coverage
	@$(BIN)/c8 $(BIN)/mocha

lint: node_modules/.installed ## check style, types, import directions, unused exports
	@$(BIN)/eslint . && $(BIN)/prettier --check . && $(BIN)/knip

format: dist/.built ## lay out all files, and the README's table of options
	@$(NODE) tools/update_readme.mjs
	@$(BIN)/prettier --write .

build: dist/.built ## compile to dist/

soak: dist/.built ## kill and resume a small run KILLS=100 times; train the default run, check its accuracy and memory
	@$(NODE) tools/soak_kills.mjs $(or $(KILLS),100)
	@folder=$$(mktemp -d) && $(RUN) train --output-dir "$$folder" && $(NODE) tools/check_default_run.mjs "$$folder"/*/*/summary.json

soak-long: dist/.built ## many steps, many clients: memory stays flat, start-up quick (about 10 minutes)
	@$(NODE) tools/soak_long.mjs

bench: dist/.built build/.built ## measure, in turn with PyTorch where PEER= (folder of torch_loops.py) and PEER_PYTHON= are given
	@$(NODE) build/bench/main.js

clean: ## remove everything that was built or installed (runs stay in outputs/)
	rm -rf dist build coverage node_modules

dist/.built: $(SOURCES) tsconfig.json node_modules/.installed
	@$(BIN)/tsc -p .
	@touch $@

build/.built: $(SOURCES) $(TESTS) test/tsconfig.json tsconfig.json node_modules/.installed
	@$(BIN)/tsc -p test
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc | check-node
	@$(NPM) ci --include=dev --no-audit --no-fund
	@touch $@

# The oldest Node.js that every package in use runs on.
IS_NODE_NEW = const [major, minor] = process.versions.node.split(".").map(Number); \
              process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)
NEEDS = bloom-split needs Node.js 20.19 or newer, and

check-node:
	@command -v $(NODE) >/dev/null || { \
	  echo "$(NEEDS) there is no '$(NODE)' here. Install it from nodejs.org or with your package manager." >&2; exit 1; }
	@$(NODE) -e '$(IS_NODE_NEW)' || { \
	  echo "$(NEEDS) this is $$($(NODE) --version). Install a newer one from nodejs.org." >&2; exit 1; }
