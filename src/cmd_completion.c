/* completion: what a shell offers behind `assay`, made from the tables that the command line is read by. */
#include <string.h>

#include "checks/code/cpu.h"
#include "src/commands.h"
#include "src/gate_rules.h"
#include "src/report/escape.h"

/* What may stand behind an option, or as an argument of a command; the words of it, each ended by `end`. */
enum values {
    VALUES_NONE,
    VALUES_FILES,
    VALUES_FORMATS,
    VALUES_INSPECTIONS,
    VALUES_OUTPUTS,
    VALUES_PROFILES,
    VALUES_LEVELS,
    VALUES_WHEN,
    VALUES_CPUS,
    VALUES_SANDBOX,
    VALUES_RULES,
    VALUES_POLICY,
    VALUES_SHELLS
};

static enum values values_of_option(const struct option_row *row)
{
    static const struct {
        const char *argument;
        enum values values;
    } kinds[] = {{"FORMAT", VALUES_FORMATS}, {"FORMAT=FILE", VALUES_OUTPUTS},
                 {"LEVEL", VALUES_LEVELS},   {"WHEN", VALUES_WHEN},
                 {"CPU", VALUES_CPUS},       {"FILE", VALUES_FILES},
                 {"LIST", VALUES_FILES},     {"FILE[:LINE]", VALUES_FILES},
                 {"MODE", VALUES_SANDBOX}};
    if (row->id == ID_PROFILE)
        return VALUES_PROFILES;
    if (row->id == ID_FORMAT && row->commands == (COMMAND_INSPECT | COMMAND_CPU))
        return VALUES_INSPECTIONS;
    for (size_t i = 0; row->argument && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].argument, row->argument) == 0)
            return kinds[i].values;
    return VALUES_NONE;
}

static enum values values_of_command(enum command command)
{
    switch (command) {
    case COMMAND_EXPLAIN:
        return VALUES_RULES;
    case COMMAND_POLICY:
        return VALUES_POLICY;
    case COMMAND_COMPLETION:
        return VALUES_SHELLS;
    case COMMAND_RULES:
        return VALUES_NONE;
    case COMMAND_CHECK:
    case COMMAND_INSPECT:
    case COMMAND_CPU:
    case COMMAND_INIT:
    case COMMAND_ALL:
        break;
    }
    return VALUES_FILES;
}

static void write_words(enum values values)
{
    const struct cpu *cpus;
    size_t count;
    switch (values) {
    case VALUES_FORMATS:
    case VALUES_OUTPUTS:
        for (size_t i = 0; i < reporter_count; i++)
            printf("%s%s%s", i ? " " : "", reporters[i]->name, values == VALUES_OUTPUTS ? "=" : "");
        break;
    case VALUES_INSPECTIONS:
        for (size_t i = 0, n = 0; i < reporter_count; i++)
            if (reporters[i]->inspect)
                printf("%s%s", n++ ? " " : "", reporters[i]->name);
        break;
    case VALUES_PROFILES:
        for (size_t i = 0; i < profile_count; i++)
            printf("%s%s", i ? " " : "", profiles[i].name);
        break;
    case VALUES_LEVELS:
        printf("%s %s %s", level_name(LEVEL_ERROR), level_name(LEVEL_WARNING), level_name(LEVEL_NOTE));
        break;
    case VALUES_RULES:
        for (size_t i = 0; i < any_rule_count(); i++)
            printf("%s%s", i ? " " : "", any_rule(i)->id);
        break;
    case VALUES_CPUS:
        count = cpu_rows(&cpus);
        for (size_t i = 0; i < count; i++)
            printf("%s%s", i ? " " : "", cpus[i].name);
        break;
    case VALUES_WHEN:
        fputs("auto always never", stdout);
        break;
    case VALUES_SANDBOX:
        for (enum sandbox_wish wish = SANDBOX_AUTO; wish <= SANDBOX_OFF; wish++)
            printf("%s%s", wish ? " " : "", sandbox_wish_name(wish));
        break;
    case VALUES_POLICY:
        fputs("show lint", stdout);
        break;
    case VALUES_SHELLS:
        fputs("bash zsh fish", stdout);
        break;
    case VALUES_NONE:
    case VALUES_FILES:
        break;
    }
}

static void write_commands(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("%s%s", i ? " " : "", command_table[i].name);
}

static void write_options(unsigned command)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_table[i].commands & command)
            printf(" --%s", option_table[i].name);
}

/* `--output FORMAT=FILE`: names of formats until there is a "=", then files. */
static void bash(void)
{
    fputs("# completion of assay for bash: source it, or put it into bash-completion's directory\n"
          "_assay() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} "
          "words=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$word\" = = ]; then word=; elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; "
          "fi\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          stdout);
    write_commands();
    fputs(" --help --version' -- \"$word\"))\n        return\n    fi\n    case $before in\n", stdout);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        enum values values = values_of_option(&option_table[i]);
        if (!option_table[i].argument || values == VALUES_NONE || values == VALUES_INSPECTIONS)
            continue; /* the words of one command more than another's are those of `check` */
        if (values == VALUES_FILES) {
            printf("    --%s) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n", option_table[i].name);
            continue;
        }
        printf("    --%s) words='", option_table[i].name);
        write_words(values);
        printf("'%s ;;\n", values == VALUES_OUTPUTS ? "; compopt -o nospace 2>/dev/null" : "");
    }
    fputs("    esac\n    if [ -n \"$words\" ]; then\n        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n       "
          " return\n"
          "    fi\n    case $command in\n",
          stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("    %s)\n        case $word in -*) words='", command_table[i].name);
        write_options((unsigned)command_table[i].command);
        fputs("' ;; *) words='", stdout);
        write_words(values_of_command(command_table[i].command));
        fputs("' ;; esac ;;\n", stdout);
    }
    fputs("    esac\n    if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\")); else\n"
          "        COMPREPLY=($(compgen -f -- \"$word\")); compopt -o filenames 2>/dev/null; fi\n"
          "}\ncomplete -F _assay assay\n",
          stdout);
}

/* The first line of a help text, without what a shell would read in it. */
static void write_summary(const char *help)
{
    for (; *help && *help != '\n'; help++)
        if (!strchr("'[]:\\$`\"", *help))
            putchar(*help);
}

static void zsh(void)
{
    fputs("#compdef assay\n# completion of assay for zsh: put it as _assay into a directory of $fpath\n_assay() {\n"
          "    local -a commands=(\n",
          stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("        '%s:", command_table[i].name);
        write_summary(command_table[i].help);
        fputs("'\n", stdout);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then _describe command commands; return; fi\n    case $words[2] in\n",
          stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        enum values arguments = values_of_command(command_table[i].command);
        printf("    %s) _arguments -s ':command:' \\\n", command_table[i].name);
        for (size_t k = 0; k < OPTION_COUNT; k++) {
            const struct option_row *row = &option_table[k];
            enum values values = values_of_option(row);
            if (!(row->commands & (unsigned)command_table[i].command))
                continue;
            printf("        '*--%s%s[", row->name, row->argument ? "=" : "");
            write_summary(row->help);
            putchar(']');
            if (row->argument && values == VALUES_FILES) {
                fputs(":file:_files", stdout);
            } else if (row->argument) {
                fputs(":value:(", stdout);
                write_words(values);
                putchar(')');
            }
            fputs("' \\\n", stdout);
        }
        if (arguments == VALUES_FILES) {
            fputs("        '*:file:_files' ;;\n", stdout);
        } else {
            fputs("        '*:argument:(", stdout);
            write_words(arguments);
            fputs(")' ;;\n", stdout);
        }
    }
    fputs("    esac\n}\ncompdef _assay assay\n", stdout);
}

static void fish(void)
{
    fputs("# completion of assay for fish: put it as assay.fish into ~/.config/fish/completions\n", stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        enum values arguments = values_of_command(command_table[i].command);
        printf("complete -c assay -n __fish_use_subcommand -f -a %s -d '", command_table[i].name);
        write_summary(command_table[i].help);
        fputs("'\n", stdout);
        if (arguments != VALUES_FILES) {
            printf("complete -c assay -n '__fish_seen_subcommand_from %s' -f -a '", command_table[i].name);
            write_words(arguments);
            fputs("'\n", stdout);
        }
        for (size_t k = 0; k < OPTION_COUNT; k++) {
            const struct option_row *row = &option_table[k];
            enum values values = values_of_option(row);
            if (!(row->commands & (unsigned)command_table[i].command))
                continue;
            printf("complete -c assay -n '__fish_seen_subcommand_from %s' -l %s", command_table[i].name, row->name);
            if (row->id < 256)
                printf(" -s %c", row->id);
            if (row->argument)
                fputs(values == VALUES_FILES ? " -r -F" : " -x", stdout);
            if (row->argument && values != VALUES_FILES && values != VALUES_NONE) {
                fputs(" -a '", stdout);
                write_words(values);
                putchar('\'');
            }
            fputs(" -d '", stdout);
            write_summary(row->help);
            fputs("'\n", stdout);
        }
    }
}

int cmd_completion(const struct options *options)
{
    static const struct {
        const char *name;
        void (*write)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; options->argument_count == 1 && i < sizeof shells / sizeof *shells; i++)
        if (strcmp(options->arguments[0], shells[i].name) == 0) {
            shells[i].write();
            return flush_or_complain(stdout, "standard output") ? 0 : 2;
        }
    fputs("assay: completion takes one shell: bash, zsh or fish\n", stderr);
    return 2;
}
