# The same as the script, for people who type make.
.PHONY: run test check bench soak lock messages contracts
run test check bench soak:
	@./kumiko $@ $(ARGS)
lock:  # after a change of dependencies in a pyproject file
	@./kumiko prepare && .venv/bin/python .ci/lock
messages:  # after a change of sentences for people
	@./kumiko prepare && .venv/bin/python .ci/messages
contracts:  # after a change of a contract
	@./kumiko prepare && .venv/bin/python .ci/contracts
