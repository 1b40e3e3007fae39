/* `assay cpu FILE`: on which processors a program runs. Without a file: the processors that are known. */
#include "checks/code/cpu.h"
#include "src/commands.h"
#include "src/report/report.h"

enum { NAME_COLUMN = 18 };

static int list(void)
{
    const struct cpu *cpus;
    size_t count = cpu_rows(&cpus);
    for (size_t i = 0; i < count; i++)
        printf("%-*s %s: %s\n", NAME_COLUMN, cpus[i].name, arch_name(cpus[i].arch), cpus[i].what);
    return flush_or_complain(stdout, "standard output") ? 0 : 2;
}

int cmd_cpu(const struct options *options)
{
    struct audit_options audit = options->audit;
    const struct reporter *reporter = options->outputs[0].reporter;
    if (options->argument_count == 0)
        return list();
    audit.record.cpus = true;
    audit.file.digest = false;
    return look_at_one(options, &audit, reporter == &report_text ? report_cpus : reporter->inspect);
}
