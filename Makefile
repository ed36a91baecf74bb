# SPDX-License-Identifier: Apache-2.0
# Front door for people. It calls the bootstrap, CMake and the tool, and holds no build rules of its own.
#
# Settings: MODEL, PROMPT, N, DEVICE, FIRMWARE for `make run`; PREFIX, DESTDIR for `make install`; JOBS for every build. A simulated chip takes a minute or more to build, so that only
# the one of DEVICE and those that the build folder has already are built; `make build DEVICE=all` and `make check` build all. FST=1: the one of
# DEVICE=sim can record waveforms (`millrace trace --fst`), here and in later builds of the folder, until FST=0.

MODEL  ?= models/brook.gguf
PROMPT ?= Once upon a time
N      ?= 128
DEVICE ?= sim
FIRMWARE ?= hosted
JOBS   ?= $(shell nproc)

MAKEFLAGS += --no-print-directory

BUILD := build

.DEFAULT_GOAL := build
.PHONY: build run check bench coverage install uninstall package clean help

build: ## Build the tool at build/millrace (installs what is missing first): DEVICE=sim|sim:NAME|xrt:emu|model|all FST=1
	@scripts/bootstrap.sh $(if $(filter 1,$(FST)),fst,$(if $(filter xrt%,$(DEVICE)),xrt,run))
	@$(if $(filter core,$(FIRMWARE)),scripts/bootstrap.sh core)
	@scripts/chips.sh $(BUILD) $(DEVICE) $(FST)
	@$(if $(filter core,$(FIRMWARE)),cmake --preset default >/dev/null) # the core's processor may be new here
	@cmake --build $(BUILD) --target millrace -j $(JOBS)

run: build ## Stream a story out of the chip: MODEL= PROMPT= N= DEVICE=sim|sim:NAME|xrt:emu|model FIRMWARE=hosted|core
	@$(BUILD)/millrace run -m "$(MODEL)" -p "$(PROMPT)" -n $(N) --device $(DEVICE) --firmware $(FIRMWARE) --stats

check: ## Run every test, lint and sanitizer; ends with "N passed, N failed"
	@scripts/bootstrap.sh check
	@scripts/check.sh $(JOBS)

bench: ## Measure and rewrite docs/results.md
	@scripts/bootstrap.sh check
	@scripts/chips.sh $(BUILD) all
	@cmake --build $(BUILD) -j $(JOBS)
	@python3 scripts/bench.py

coverage: ## Print how much of firmware/ and hal/src the unit tests reach
	@scripts/bootstrap.sh check
	@scripts/coverage.sh $(JOBS)

install: build ## Install what build/ has, by default into /usr/local: PREFIX= DESTDIR= DEVICE=sim|sim:NAME|xrt:emu|all
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" JOBS=$(JOBS) scripts/install.sh install $(BUILD)

uninstall: ## Remove what the last make install from this folder installed: DESTDIR=
	@DESTDIR="$(DESTDIR)" scripts/install.sh uninstall $(BUILD)

package: build ## Make Debian packages of what build/ has: build/*.deb DEVICE=sim|sim:NAME|xrt:emu|all
	@scripts/bootstrap.sh package
	@JOBS=$(JOBS) scripts/install.sh package $(BUILD)

clean: ## Remove build/ (keeps .venv)
	rm -rf $(BUILD)

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
