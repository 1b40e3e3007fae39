# include this file, and make `audit` a prerequisite of what publishes. ASSAY_PATHS says what is judged.
ASSAY ?= assay
ASSAY_PATHS ?= dist/
ASSAY_FLAGS ?=

.PHONY: audit
audit:
	$(ASSAY) check $(ASSAY_FLAGS) $(ASSAY_PATHS)
