# Everything a developer or operator runs; each target sets up what it needs by itself.
#   make            lists the targets
#   make demo       shows the product working, on this machine
#   make test       runs the tests
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# The interpreter that makes the environments; pyenv and uv are told by .python-version.
PYTHON ?= $(shell command -v python3.13 || command -v python3 || echo python3.13)

DEV := .venv/.stamp
SAM := .sam/.stamp
EMULATOR := .emulator/.stamp
CHECK := .check/.stamp
AWSCLI := .awscli/.stamp

RUN := PYTHONPATH=layers/responder:scripts .venv/bin/python
BENCH := PYTHONPATH=.:layers/responder:scripts:tests .venv/bin/python -m bench
CODE := layers/responder functions scripts tests bench
TYPED = $(wildcard layers/responder/responder functions/*/app.py scripts/local_stack \
	scripts/responder_cli tests bench)
COVERAGE := 90
# The architecture that is deployed; the local stack takes this machine's.
ARCHITECTURE ?= arm64
# The environment of `make deploy`, a section of samconfig.toml; the S3 bucket for the code (else the
# one that SAM manages), and parameters that differ from samconfig's, as "NAME=VALUE NAME=VALUE".
STAGE ?= dev
BUCKET ?=
PARAMETERS ?=

.DEFAULT_GOAL := help
.PHONY: help venv setup environments lint format type test e2e check audit build deploy local demo bench pictures lock clean

help: ## List the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

venv: $(DEV) ## Make the development environment, .venv

setup: ## Make all the environments at once
	@$(MAKE) -j2 environments

environments: $(DEV) $(SAM) $(EMULATOR)
	@:

lint: $(DEV) ## Check style and formatting
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

format: $(DEV) ## Format the code
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

type: $(DEV) ## Check types, strictly
	@.venv/bin/mypy $(TYPED)

test: setup ## All tests but the long ones, with coverage
	@mkdir -p .local
	@.venv/bin/python -m pytest -n 2 --dist worksteal -m "not smoke and not e2e_long" \
		--cov --cov-report=term --cov-fail-under=$(COVERAGE) $(ARGS)
	@.venv/bin/python -m pytest -m smoke $(ARGS)

e2e: setup $(AWSCLI) ## The long tests: mutations, outages, kills, real clients
	@mkdir -p .local
	@PYTHONPATH=layers/responder:scripts:tests .venv/bin/python -m mutation
	@$(BENCH).faults --seeds 10000
	@$(BENCH).faults --on moto --seeds 300
	@.venv/bin/python -m pytest -m e2e_long $(ARGS)

check: $(SAM) $(CHECK) ## Validate the template: sam, cfn-lint, checkov
	@AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .sam/bin/sam validate --lint
	@.sam/bin/cfn-lint template.yaml
	@.check/bin/checkov --quiet --compact --framework cloudformation -f template.yaml

# Ours are in events/ and tests/ by the hundred, made up: only what looks like a provider's key counts.
audit: $(CHECK) ## Look for known vulnerabilities in what is locked, and for secrets in the tree
	@git ls-files -z | xargs -0 .check/bin/detect-secrets-hook --disable-plugin KeywordDetector \
		--disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString
	@.check/bin/pip-audit --strict --disable-pip --no-deps --progress-spinner off \
		$(addprefix -r ,$(wildcard requirements/*.txt layers/*/requirements.txt functions/*/requirements.txt))

build: $(DEV) $(SAM) ## Build what is deployed, compiled (ARCHITECTURE=arm64)
	@$(RUN) -m local_stack.building --architecture $(ARCHITECTURE)

deploy: build ## Deploy to AWS (STAGE=dev, staging or prod of samconfig.toml)
	@$(RUN) -m local_stack.shipping --environment $(STAGE) --architecture $(ARCHITECTURE) \
		--bucket "$(BUCKET)" $(PARAMETERS)

local: setup ## Run the whole pipeline here until Ctrl-C (AWS_PORT, SLACK_PORT, CLAUDE_PORT, NOTICES_PORT, CLAUDE=local, CLAUDE_ACCESS=bedrock)
	@$(RUN) -m local_stack up

demo: setup ## Show the product: sample alerts in, Slack cards out
	@$(RUN) -m local_stack.demo

bench: setup ## Measure what the documents claim
	@$(BENCH)
	@$(BENCH).stack
	@$(BENCH).cost
	@$(BENCH).capacity

pictures: $(DEV) ## Take the pictures of docs/slack.md anew (needs Chromium and an emoji font)
	@$(RUN) -m responder_cli.card.pictures

lock: $(DEV) ## Write the lock files again from their .in files
	@$(RUN) -m local_stack.locking

clean: ## Remove what was built and left behind, environments included
	@rm -rf .venv .sam .emulator .check .awscli .aws-sam .local .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One environment each: the SAM CLI, checkov and the emulator pin versions that exclude each other.
$(DEV): requirements/dev.txt
	@$(call environment,dev)
$(SAM): requirements/sam.txt
	@$(call environment,sam)
$(EMULATOR): requirements/emulator.txt
	@$(call environment,emulator)
$(CHECK): requirements/checkov.txt
	@$(call environment,checkov)
$(AWSCLI): requirements/awscli.txt
	@$(call environment,awscli)

define environment
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
		echo "This needs Python 3.13, and '$(PYTHON)' is not: install it, or say where it is:" \
			"make $(or $(MAKECMDGOALS),demo) PYTHON=/path/to/python3.13" >&2; exit 1; }
	echo "Making $(@D) from $<"
	rm -f $@
	"$(PYTHON)" -m venv --clear $(@D)
	$(@D)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@
endef
