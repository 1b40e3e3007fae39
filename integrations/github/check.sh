#!/bin/sh
# The step of action.yml: builds assay (or takes the program that ASSAY names), judges the files that ASSAY_PATHS
# lists, annotates, and writes the job's summary, SARIF and the outputs of the step.
set -u
if [ -z "${ASSAY:-}" ]; then
    ASSAY=$("$GITHUB_ACTION_PATH/dev" build | tail -n 1) || exit 2
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
sarif=${ASSAY_SARIF:-assay.sarif}

set -- check --format github --output "markdown=$work/summary.md" --output "sarif=$sarif"
[ -z "${ASSAY_TARGET:-}" ] || set -- "$@" --target "$ASSAY_TARGET"
[ -z "${ASSAY_PROFILE:-}" ] || set -- "$@" --profile "$ASSAY_PROFILE"
[ -z "${ASSAY_POLICY:-}" ] || set -- "$@" --policy "$ASSAY_POLICY"
[ -z "${ASSAY_FAIL_ON:-}" ] || set -- "$@" --fail-on "$ASSAY_FAIL_ON"
[ -z "${ASSAY_REPORT_LOCATION:-}" ] || set -- "$@" --report-location "$ASSAY_REPORT_LOCATION"
printf '%s\n' "${ASSAY_ARGS:-}" >"$work/args"
while IFS= read -r line; do
    [ -z "$line" ] || set -- "$@" "$line"
done <"$work/args"

status=0
printf '%s\n' "$ASSAY_PATHS" | "$ASSAY" "$@" --files-from - || status=$?
case $status in
0) verdict=pass ;;
1) verdict=fail ;;
3) verdict=unknown ;;
*) verdict=broken ;;
esac
[ ! -f "$work/summary.md" ] || cat "$work/summary.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
{
    echo "status=$status"
    echo "verdict=$verdict"
    printf 'sarif<<assay-end-of-path\n%s\nassay-end-of-path\n' "$sarif"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
