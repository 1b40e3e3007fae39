#include "src/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/commands.h"
#include "src/patient.h"
#include "src/policy/date.h"
#include "src/report/escape.h"

static const char name[] = ".assay.yaml";

static bool exists(const char *folder, const char *entry)
{
    char path[PATH_MAX];
    struct stat status;
    int size = snprintf(path, sizeof path, "%s/%s", folder, entry);
    return size > 0 && (size_t)size < sizeof path && lstat(path, &status) == 0;
}

/* Cuts the last component off; false: there is none. */
static bool up(char *folder)
{
    char *slash = strrchr(folder, '/');
    if (!slash || folder[1] == 0)
        return false;
    slash[slash == folder] = 0;
    return true;
}

/* How many directories above `here` the repository begins; 0 where it is none, or begins there. */
static size_t depth_of_repository(const char *here)
{
    char folder[PATH_MAX];
    size_t depth = 0;
    snprintf(folder, sizeof folder, "%s", here);
    do {
        if (exists(folder, ".git"))
            return depth;
        depth++;
    } while (up(folder));
    return 0;
}

/* The nearest policy, as a relative path, and its folder; NULL: there is none. */
static const char *find(struct arena *arena, const char *here, const char **folder)
{
    char at[PATH_MAX];
    const char *path = name;
    size_t levels = depth_of_repository(here);
    snprintf(at, sizeof at, "%s", here);
    for (size_t i = 0; i <= levels; i++) {
        if (exists(at, name)) {
            *folder = arena_copy(arena, at, strlen(at));
            return path;
        }
        path = arena_print(arena, "../%s", path);
        if (!up(at))
            break;
    }
    return NULL;
}

char *policy_bytes(struct arena *arena, const char *path, size_t *size)
{
    struct stat status;
    int fd = patient_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > YAML_SIZE) {
        int error = fd < 0 ? errno : 0;
        if (fd >= 0)
            close(fd);
        complain_of(path, error ? "the policy cannot be read" : "expected a policy: a regular file of at most 1 MiB",
                    error);
        return NULL;
    }
    char *bytes = arena_alloc(arena, YAML_SIZE + 1);
    ssize_t got = 0;
    *size = 0;
    do {
        got = patient_read(fd, bytes + *size, YAML_SIZE - *size);
        *size += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    int error = errno;
    close(fd);
    if (got == 0)
        return bytes;
    complain_of(path, "the policy cannot be read", error);
    return NULL;
}

void policy_complain(const struct complaints *complaints)
{
    for (size_t i = 0; i < complaints->count; i++) {
        const struct complaint *c = &complaints->items[i];
        fputs("assay: ", stderr);
        escape_terminal(stderr, c->place.file);
        fprintf(stderr, ":%u:%u: ", c->place.line, c->place.column);
        escape_terminal(stderr, c->text);
        putc('\n', stderr);
    }
    if (complaints->count == COMPLAINTS)
        fputs("assay: there may be more\n", stderr);
}

/* Seconds since 1970, all of them digits. */
static bool read_seconds(const char *text, int64_t *today)
{
    char *end;
    errno = 0;
    unsigned long long seconds = strtoull(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end || seconds / SECONDS_A_DAY > 3000000)
        return false;
    *today = (int64_t)(seconds / SECONDS_A_DAY);
    return true;
}

bool policy_today(const char *now, int64_t *today)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (now)
        return date_read(now, today) || read_seconds(now, today) ||
               complain_of(now, "--now: expected a day such as 2027-01-31, or seconds since 1970", 0);
    if (epoch && *epoch)
        return read_seconds(epoch, today) || complain_of(epoch, "SOURCE_DATE_EPOCH: expected seconds since 1970", 0);
    *today = (int64_t)time(NULL) / SECONDS_A_DAY;
    return true;
}

bool policy_is_judged(const struct options *options, const struct walk *walk)
{
    const struct policy *policy = options->gate.policy;
    char tree[PATH_MAX];
    if (!policy || options->policy)
        return false;
    for (size_t i = 0; i < walk->tree_count; i++) {
        if (!realpath(walk->trees[i], tree)) {
            complain_of(walk->trees[i], "cannot be told from the folder of the policy", errno);
            return true;
        }
        size_t size = strlen(tree);
        if (size == 1 ||
            (strncmp(policy->folder, tree, size) == 0 && (policy->folder[size] == 0 || policy->folder[size] == '/'))) {
            complain_of(policy->file,
                        "this policy lies in the tree that is to be judged; name it with --policy to obey it, or say "
                        "--policy none",
                        0);
            return true;
        }
    }
    return false;
}

/* What an option said stands; the policy says the rest. */
static void settle(struct options *options, const struct policy *policy)
{
    options->gate.policy = options->audit.policy = policy;
    if (policy->profile && !options->profile_given)
        options->gate.profile = policy->profile;
    if (policy->fail_on != LEVEL_OFF && !options->fail_on_given)
        options->gate.fail_on = policy->fail_on;
    options->audit.literal_static = options->gate.profile->literal_static;
}

bool policy_load(struct arena *arena, struct options *options)
{
    struct policy *policy = arena_alloc(arena, sizeof *policy);
    struct complaints complaints = {.arena = arena};
    const char *file = options->policy, *folder;
    char here[PATH_MAX];
    size_t size;
    if (!policy_today(options->now, &options->gate.today))
        return false;
    if (file && strcmp(file, "none") == 0)
        return true;
    if (!getcwd(here, sizeof here))
        return complain_of(".", "the working directory is not known", errno);
    folder = policy->here = arena_copy(arena, here, strlen(here));
    if (!file)
        file = find(arena, here, &folder);
    if (!file)
        return true;
    policy->folder = strcmp(folder, "/") == 0 ? "" : folder;
    const char *bytes = policy_bytes(arena, file, &size);
    if (!bytes)
        return false;
    if (!policy_read(file, bytes, size, options->gate.today, policy, &complaints)) {
        policy_complain(&complaints);
        return false;
    }
    settle(options, policy);
    return true;
}
