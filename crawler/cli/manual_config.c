/*
 * What a file can set is what --print-config prints: every option but those
 * about the command itself.
 */
#include "crawler/cli/manual.h"

#include <string.h>

#include "crawler/cli/config_internal.h"
#include "crawler/cli/roff.h"

const char manual_config_example[] = "[crawl]\n"
                                     "user-agent = acme-bot/1.0\n"
                                     "[host *.example.com]\n"
                                     "delay = 2s\n"
                                     "[host api.example.com]\n"
                                     "per-host = 1\n"
                                     "header = X-Api-Key: 1234";

static const char description[] =
    "crawl reads its settings from this file, if it is there, before it looks "
    "at the environment and at its flags: a flag beats a variable CRAWL_NAME, "
    "which beats the file, which beats the default. crawl --print-config "
    "shows every setting, where it came from, and the right form. --config "
    "FILE reads another file, --config none reads none. A name or a value "
    "that is wrong ends crawl with exit status 2 and a message that names the "
    "line.";

static const char form[] =
    "A line is a section in brackets, or a name, an equals sign and a value. "
    "Blanks around them do not count. A line that begins with ; or # is a "
    "comment, and so is what follows a ; behind a blank in a value. There are "
    "no quotes and no lines that go on in the next one. Options that repeat "
    "stand once for each value.";

static const struct {
    const char *name, *text;
} values[] = {
    {"yes, no", "also true and false, on and off, 1 and 0"},
    {"DUR", "a duration: 500ms, 10s, 5m, 2h, 1d; without a unit, seconds"},
    {"SIZE", "a size in powers of 1,024: 64k, 16M, 1G; without a unit, bytes"},
};

static const char hosts[] =
    "A section [host example.com] sets for that host alone, and [host "
    "*.example.com] for all names below it but not itself. It goes before the "
    "general setting, wherever that came from. Of several sections the one "
    "with the longest name counts, and the host itself before all, setting by "
    "setting.";

/* Returns the value that stands behind the equals sign. */
static const char *value_of(const struct option *option)
{
    return option->type == OPTION_FLAG    ? "yes"
           : option->type == OPTION_COUNT ? "N"
                                          : option->argument;
}

/* Writes the paragraph about a setting: "delay = DUR" as its head, and the help
 * and default of the option below. */
static void write_setting(const struct option *option, FILE *out)
{
    fputs(".TP\n\\fB", out);
    roff_text(out, option->name);
    fputs("\\fR = \\fI", out);
    roff_text(out, value_of(option));
    fputs("\\fR\n", out);
    roff_option(out, option);
}

static void write_paragraph(const char *text, FILE *out)
{
    roff_text(out, text);
    fputc('\n', out);
}

static void write_form(FILE *out)
{
    roff_section(out, "form");
    write_paragraph(form, out);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        roff_item(out, values[i].name, values[i].text);
}

/* Writes what the section [crawl] may hold, in the groups of `crawl --help`. */
static void write_general(FILE *out)
{
    const char *group = "";

    roff_section(out, "settings of a run");
    write_paragraph("They stand in the section [crawl].", out);
    for (size_t i = 0; i < nr_options; i++) {
        const struct option *option = &options[i];

        if (strcmp(option->group, OPTION_GROUP_META) == 0)
            continue;
        if (strcmp(group, option->group) != 0) {
            group = option->group;
            fprintf(out, ".SS \"%s\"\n", group);
        }
        write_setting(option, out);
    }
}

/* Writes the few settings that a section of a host may hold; their help is that
 * of the general ones. */
static void write_hosts(FILE *out)
{
    roff_section(out, "settings of a host");
    write_paragraph(hosts, out);
    for (size_t i = 0; i < nr_host_settings; i++) {
        const char *name = host_settings[i].name;

        write_setting(config_find_option(name, strlen(name)), out);
    }
    fputs(".PP\n", out);
    write_paragraph("Headers of a section are sent on top of the general ones, "
                    "or in place of those of the same name, to its hosts and "
                    "to no other, whatever a redirect says.",
                    out);
}

void manual_config_print(const char *version, FILE *out)
{
    fprintf(out,
            ".\\\" Made by \"crawl help man5\".\n"
            ".TH CRAWL\\-CONFIG 5 \"\" \"crawl %s\" \"File Formats\"\n"
            ".SH NAME\n"
            "crawl\\-config \\- configuration file of crawl\n"
            ".SH SYNOPSIS\n"
            ".I $XDG_CONFIG_HOME/crawl/config\n"
            ".br\n"
            ".I $HOME/.config/crawl/config\n",
            version);
    roff_section(out, "description");
    write_paragraph(description, out);
    write_form(out);
    write_general(out);
    write_hosts(out);
    roff_section(out, "examples");
    fputs(".nf\n.RS 4\n", out);
    roff_text(out, manual_config_example);
    fputs("\n.RE\n.fi\n", out);
    roff_section(out, "see also");
    fputs(".BR crawl (1)\n", out);
}
