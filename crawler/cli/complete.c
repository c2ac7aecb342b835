/*
 * The three shells differ in what they want to know: bash gets words by
 * command, zsh a specification of each flag, fish a line for each pair of
 * command and flag. All of it comes from the tables, so that a new option is
 * completed without a line here.
 */
#include "crawler/cli/complete.h"

#include <string.h>

#include "crawler/cli/options.h"
#include "storage/query.h"

/* ---- pieces ---- */

/* Choices stand in the table as "one|two"; shells want them apart. */
static void write_words(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc(*text == '|' ? ' ' : *text, out);
}

static bool wants_argument(const struct option *option)
{
    return option->argument != NULL;
}

static void write_option_names(FILE *out)
{
    for (size_t i = 0; i < nr_options; i++)
        fprintf(out, " --%s", options[i].name);
}

/* Writes the flags of a command. All commands that take no options of a run
 * have --help in common. */
static void write_flag_names(const struct command *command, FILE *out)
{
    for (size_t i = 0; i < command->nr_flags; i++)
        fprintf(out, " --%s", command->flags[i].name);
    if (command->takes_options)
        write_option_names(out);
    else
        fputs(" --help", out);
}

/* Writes the names of the queries, with blanks between. */
static void write_query_names(FILE *out)
{
    size_t nr_queries;
    const struct query_info *queries = query_list(&nr_queries);

    for (size_t i = 0; i < nr_queries; i++)
        fprintf(out, "%s%s", i ? " " : "", queries[i].name);
}

static void write_command_names(const struct commands *commands, FILE *out)
{
    const char *between = "";

    for (size_t i = 0; i < commands->nr; i++) {
        fprintf(out, "%s%s", between, commands->all[i].name);
        between = " ";
    }
}

/* Writes text between single quotes of a shell. A single quote cannot stand
 * there (POSIX, XCU 2.2.2), so it closes them, is escaped, and opens them
 * again. */
static void write_quoted(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
}

/* An option or the flag of a command, as a completion shows it. */
struct shown {
    const char *name;
    char short_name;      /* 0: none */
    const char *argument; /* NULL: a switch */
    const char *choices;  /* "obey|ignore", NULL */
    const char *help;
};

static struct shown shown_option(const struct option *option)
{
    return (struct shown){option->name, option->short_name, option->argument,
                          option->choices, option->help};
}

static struct shown shown_flag(const struct command_flag *flag)
{
    return (struct shown){flag->name, flag->short_name, flag->argument, NULL,
                          flag->help};
}

/* ---- bash ---- */

/* Writes what may stand behind an option: its choices, or else nothing. Bash
 * completes files by itself when the list is empty ("-o default"). */
static void write_bash_choices(FILE *out)
{
    fputs("    case $before in\n", out);
    for (size_t i = 0; i < nr_options; i++) {
        if (!options[i].choices)
            continue;
        fprintf(out, "    --%s) words='", options[i].name);
        write_words(out, options[i].choices);
        fputs("' ;;\n", out);
    }
    fputs("    ", out);
    for (size_t i = 0; i < nr_options; i++) {
        if (options[i].choices || !wants_argument(&options[i]))
            continue;
        if (options[i].short_name)
            fprintf(out, "-%c | ", options[i].short_name);
        fprintf(out, "--%s | ", options[i].name);
    }
    fputs("--robots-file) return ;;\n    esac\n", out);
}

/* A word that is no command is a list of URLs, so the options of a run follow
 * it. */
static void write_bash_flags(const struct commands *commands, FILE *out)
{
    fputs("        case $command in\n", out);
    for (size_t i = 0; i < commands->nr; i++) {
        const struct command *command = &commands->all[i];

        fprintf(out, "        %s) words='", command->name);
        write_flag_names(command, out);
        fputs("' ;;\n", out);
    }
    fputs("        *) words='", out);
    write_option_names(out);
    fputs("' ;;\n        esac\n", out);
}

/* The script looks at three things in turn: the option before, which may have
 * choices; a dash, for flags; and the number of words, for names. */
void complete_print_bash(const struct commands *commands, FILE *out)
{
    fputs("# bash completion for crawl. Made by \"crawl help bash\".\n"
          "_crawl()\n"
          "{\n"
          "    local current=${COMP_WORDS[COMP_CWORD]}\n"
          "    local before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command=${COMP_WORDS[1]} words='' nr=0 i\n"
          "    COMPREPLY=()\n"
          "    # --scope=ho comes as three words\n"
          "    if [[ $current == = ]]; then\n"
          "        current=''\n"
          "    elif [[ $before == = && $COMP_CWORD -gt 2 ]]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    fi\n",
          out);
    write_bash_choices(out);
    fputs("    if [[ $words ]]; then\n"
          "        :\n"
          "    elif [[ $current == -* ]]; then\n",
          out);
    write_bash_flags(commands, out);
    fputs("    elif [[ $COMP_CWORD -eq 1 ]]; then\n        words='", out);
    write_command_names(commands, out);
    fputs("'\n"
          "    else\n"
          "        for ((i = 2; i < COMP_CWORD; i++)); do\n"
          "            [[ ${COMP_WORDS[i]} == -* ]] || nr=$((nr + 1))\n"
          "        done\n"
          "        if [[ $command == query && $nr -eq 1 ]]; then\n"
          "            words='",
          out);
    write_query_names(out);
    fputs("'\n"
          "        elif [[ $command == help && $nr -eq 0 ]]; then\n"
          "            words='man man5 markdown bash zsh fish ",
          out);
    write_command_names(commands, out);
    fputs(
        "'\n"
        "        fi\n"
        "    fi\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
        "}\n"
        "complete -o default -F _crawl crawl\n",
        out);
}

/* ---- zsh ---- */

/* Writes text for an _arguments specification inside single quotes: brackets
 * and colons have a meaning there and are escaped. */
static void write_zsh(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("[]:\\", *text))
            fputc('\\', out);
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
}

/* The short and the long name are specifications of their own; "*" lets a flag
 * stand more than once. */
static void write_zsh_flag(FILE *out, struct shown flag)
{
    for (int is_long = flag.short_name ? 0 : 1; is_long < 2; is_long++) {
        fputs("    '*", out);
        if (is_long)
            fprintf(out, "--%s%s[", flag.name, flag.argument ? "=" : "");
        else
            fprintf(out, "-%c%s[", flag.short_name, flag.argument ? "+" : "");
        write_zsh(out, flag.help);
        fputc(']', out);
        if (flag.argument) {
            fputc(':', out);
            write_zsh(out, flag.argument);
            fputc(':', out);
        }
        if (flag.choices) {
            fputc('(', out);
            write_words(out, flag.choices);
            fputc(')', out);
        } else if (flag.argument && strcmp(flag.argument, "FILE") == 0) {
            fputs("_files", out);
        }
        fputs("'\n", out);
    }
}

/* Writes all options of a run, for the commands that take them. */
static void write_zsh_options(FILE *out)
{
    fputs("  options=(\n", out);
    for (size_t i = 0; i < nr_options; i++)
        write_zsh_flag(out, shown_option(&options[i]));
    fputs("  )\n", out);
}

/* The arguments of a command besides its flags: only query knows more about
 * them than that they are files. */
static void write_zsh_command(const struct command *command, FILE *out)
{
    fprintf(out, "  %s) own=(\n", command->name);
    for (size_t i = 0; i < command->nr_flags; i++)
        write_zsh_flag(out, shown_flag(&command->flags[i]));
    if (strcmp(command->name, "query") == 0) {
        fputs("    '1:database:_files' '2:query:(", out);
        write_query_names(out);
        fputs(")'", out);
    } else {
        fputs("    '*:file:_files'", out);
    }
    fprintf(out, "%s ) ;;\n", command->takes_options ? " \"$options[@]\"" : "");
}

/* _arguments(1zsh) does the work: here it gets the specifications, for the
 * whole program and for each command. */
void complete_print_zsh(const struct commands *commands, FILE *out)
{
    fputs("#compdef crawl\n"
          "# zsh completion for crawl. Made by \"crawl help zsh\".\n"
          "_crawl() {\n"
          "  local -a options own commands\n",
          out);
    write_zsh_options(out);
    fputs("  commands=(\n", out);
    for (size_t i = 0; i < commands->nr; i++) {
        fprintf(out, "    '%s:", commands->all[i].name);
        write_zsh(out, commands->all[i].summary);
        fputs("'\n", out);
    }
    fputs("  )\n"
          "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
          "    _describe command commands\n"
          "    _files\n"
          "    return\n"
          "  fi\n"
          "  case $words[2] in\n",
          out);
    for (size_t i = 0; i < commands->nr; i++)
        write_zsh_command(&commands->all[i], out);
    fputs("  *) _arguments -s \"$options[@]\" '*:list:_files'; return ;;\n"
          "  esac\n"
          "  shift words\n"
          "  (( CURRENT-- ))\n"
          "  _arguments -s \"$own[@]\"\n"
          "}\n"
          "_crawl \"$@\"\n",
          out);
}

/* ---- fish ---- */

/* "-r -F" wants an argument that is a file, "-x" one that is not. */
static void write_fish_flag(FILE *out, const char *when, struct shown flag)
{
    fprintf(out, "complete -c crawl -n '%s'", when);
    if (flag.short_name)
        fprintf(out, " -s %c", flag.short_name);
    fprintf(out, " -l %s", flag.name);
    if (flag.argument)
        fputs(strcmp(flag.argument, "FILE") == 0 ? " -r -F" : " -x", out);
    if (flag.choices) {
        fputs(" -a '", out);
        write_words(out, flag.choices);
        fputc('\'', out);
    }
    fputs(" -d '", out);
    write_quoted(out, flag.help);
    fputs("'\n", out);
}

void complete_print_fish(const struct commands *commands, FILE *out)
{
    /* Options of a run are offered unless the line names a command that takes
     * none of them. */
    char other[400] = "not __fish_seen_subcommand_from";
    size_t len = strlen(other);
    char when[80];

    fputs("# fish completion for crawl. Made by \"crawl help fish\".\n", out);
    for (size_t i = 0; i < commands->nr; i++) {
        const struct command *command = &commands->all[i];

        fprintf(out, "complete -c crawl -n __fish_use_subcommand -a %s -d '",
                command->name);
        write_quoted(out, command->summary);
        fputs("'\n", out);
        snprintf(when, sizeof(when), "__fish_seen_subcommand_from %s",
                 command->name);
        for (size_t k = 0; k < command->nr_flags; k++)
            write_fish_flag(out, when, shown_flag(&command->flags[k]));
        if (!command->takes_options && len < sizeof(other))
            len += (size_t)snprintf(other + len, sizeof(other) - len, " %s",
                                    command->name);
    }
    fputs("complete -c crawl -n '__fish_seen_subcommand_from query' -a '", out);
    write_query_names(out);
    fputs("'\n", out);
    for (size_t i = 0; i < nr_options; i++)
        write_fish_flag(out, other, shown_option(&options[i]));
}
