# The same as the script, for people who type make.
.PHONY: run test check bench soak lock
run test check bench soak:
	@./kumiko $@ $(ARGS)
lock:  # after a change of dependencies in a pyproject file
	@./kumiko prepare && .venv/bin/python .ci/lock
