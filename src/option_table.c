#include "src/option_table.h"

static const char formats[] =
    "text (default), json, ndjson, sarif, junit, github, gitlab, markdown, html, csv,\nin-toto or cyclonedx";

const struct option_row option_table[] = {
    {ID_POLICY, "policy", "FILE", COMMAND_CHECK | COMMAND_POLICY,
     "obey this policy, or none; by default the nearest .assay.yaml from here up to\nthe root of the repository"},
    {ID_TARGET, "target", "TARGET", COMMAND_CHECK,
     "what the release says it is for: linux/arm64, linux/amd64/v3, darwin/universal,\naarch64-unknown-linux-musl, …; "
     "auto (default) takes it from file name or build info"},
    {ID_CPU, "cpu", "CPU", COMMAND_CHECK,
     "what the code may ask of the processor: x86-64-v2, armv8.2, raspberry-pi-4, apple-m1,\ngraviton2, …; may be "
     "given "
     "for each architecture (default: the policy, else the target's\nvariant)"},
    {ID_PROFILE, "profile", "NAME", COMMAND_CHECK, "release (default) or static"},
    {ID_FAIL_ON, "fail-on", "LEVEL", COMMAND_CHECK,
     "findings from this level on close the gate: error (default), warning, note"},
    {ID_PARTIAL, "partial", NULL, COMMAND_CHECK,
     "the files are not the whole release: judge neither its matrix nor unused waivers"},
    {ID_NOW, "now", "DAY", COMMAND_CHECK | COMMAND_POLICY | COMMAND_INIT,
     "the day that waivers end by (2027-01-31, or seconds since 1970); by default\nSOURCE_DATE_EPOCH, else today"},
    {ID_EXIT_ZERO, "exit-zero", NULL, COMMAND_CHECK, "exit 0 where rules failed; every other status stays"},
    {ID_FORMAT, "format", "FORMAT", COMMAND_CHECK, formats},
    {ID_FORMAT, "format", "FORMAT", COMMAND_INSPECT | COMMAND_CPU, "text (default) or json"},
    {ID_FUNCTION, "function", "ADDRESS", COMMAND_INSPECT,
     "show the function that holds this address (0x401000, or decimal): its instructions, and\nwhat is known of "
     "registers and stack where that changes"},
    {ID_REPORT_LOCATION, "report-location", "FILE[:LINE]", COMMAND_CHECK,
     "the place in the sources that sarif, gitlab and github show findings at"},
    {ID_OUTPUT, "output", "FORMAT=FILE", COMMAND_CHECK, "write a report to a file as well; may be given again"},
    {ID_FILES_FROM, "files-from", "LIST", COMMAND_CHECK | COMMAND_INIT,
     "judge the files that LIST names, one a line; - is standard input"},
    {ID_BASELINE, "baseline", NULL, COMMAND_INIT, "waive what the named files fail today"},
    {'0', "null", NULL, COMMAND_CHECK | COMMAND_INIT, "names in LIST end with NUL"},
    {'j', "jobs", "N", COMMAND_CHECK, "audit with N processes (default: the processors there are)"},
    {ID_SANDBOX, "sandbox", "MODE", COMMAND_CHECK | COMMAND_INSPECT | COMMAND_CPU | COMMAND_INIT,
     "read files in processes that may do nothing else: auto (default), as far as the\nkernel can; require, or exit "
     "with 2; "
     "off"},
    {ID_NO_CODE, "no-code", NULL, COMMAND_CHECK | COMMAND_INSPECT,
     "look at headers, tables and notes only, not at instructions and texts"},
    {ID_NO_DIGEST, "no-digest", NULL, COMMAND_CHECK | COMMAND_INSPECT,
     "do not compute SHA-256: read only what is judged"},
    {ID_MAX_FILE_SIZE, "max-file-size", "SIZE", COMMAND_CHECK | COMMAND_INSPECT | COMMAND_CPU,
     "larger files are errors (default 2G; k, M and G are understood)"},
    {ID_COLOR, "color", "WHEN", COMMAND_ALL, "auto (default), always or never; NO_COLOR turns it off as well"},
    {'q', "quiet", NULL, COMMAND_CHECK, "show only what did not pass"},
    {'v', "verbose", NULL, COMMAND_CHECK, "show every rule, and the files that were left out"},
    {'h', "help", NULL, ~0U, "show this"},
    {ID_VERSION, "version", NULL, ~0U, "show the version"},
};
_Static_assert(sizeof option_table / sizeof *option_table == OPTION_COUNT, "OPTION_COUNT counts the rows");

const struct command_row command_table[] = {
    {"check", COMMAND_CHECK, "assay check [OPTION]... PATH...",
     "Judges files, and the programs and libraries below directories; - is standard input.\n"
     "Exits with 0 where all is well, 1 where a rule failed, 3 where a file or rule could not be\n"
     "read or decided, 2 where the command line is wrong, nothing was judged or no report could be written."},
    {"inspect", COMMAND_INSPECT, "assay inspect [OPTION]... FILE", "Shows what a file is, without judging it."},
    {"cpu", COMMAND_CPU, "assay cpu [OPTION]... [FILE]",
     "Tells on which processors a program runs, and of each other one what it needs.\n"
     "Without a file it lists the processors that are known."},
    {"rules", COMMAND_RULES, "assay rules", "Lists the rules with their levels."},
    {"explain", COMMAND_EXPLAIN, "assay explain RULE", "Tells what a rule demands, why, and how to satisfy it."},
    {"policy", COMMAND_POLICY, "assay policy show|lint [OPTION]... [FILE]",
     "Shows the policy that is obeyed here, or finds what is wrong with one.\n"
     "`show` writes every demand and where it comes from; `lint` exits with 0 where the policy can be obeyed, else 2."},
    {"init", COMMAND_INIT, "assay init [OPTION]... [PATH...]",
     "Writes a policy to begin with, .assay.yaml, into the working directory.\n"
     "With --baseline it waives what the named files fail today, for 90 days."},
    {"completion", COMMAND_COMPLETION, "assay completion bash|zsh|fish",
     "Writes the completion of a shell to standard output."},
};
_Static_assert(sizeof command_table / sizeof *command_table == COMMAND_COUNT, "COMMAND_COUNT counts the rows");
