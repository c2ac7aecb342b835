/* Writes text for roff, with characters that mean something to it by their
 * names. */
#include "crawler/cli/roff.h"

#include <ctype.h>

/* Writes text. A point or an apostrophe at the beginning of a line would be a
 * request, so an empty escape stands in front. A plain hyphen may be drawn as a
 * dash, which nobody can copy into a shell. */
void roff_text(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++)
        switch (*text) {
        case '-':
            fputs("\\-", out);
            break;
        case '\\':
            fputs("\\e", out);
            break;
        case '\'':
            fputs("\\(aq", out);
            break;
        case '"':
            fputs("\\(dq", out);
            break;
        case '\n':
            fputs("\n.br\n", out);
            break;
        default:
            fputc(*text, out);
            break;
        }
}

void roff_section(FILE *out, const char *title)
{
    fputs(".SH \"", out);
    for (; *title; title++)
        fputc(toupper((unsigned char)*title), out);
    fputs("\"\n", out);
}

void roff_item(FILE *out, const char *name, const char *text)
{
    fputs(".TP\n\\fB", out);
    roff_text(out, name);
    fputs("\\fR\n", out);
    roff_text(out, text);
    fputc('\n', out);
}

void roff_option(FILE *out, const struct option *option)
{
    roff_text(out, option->help);
    if (option->choices) {
        fputs(" (", out);
        roff_text(out, option->choices);
        fputc(')', out);
    }
    if (option->fallback) {
        fputs("; default ", out);
        roff_text(out, option->fallback);
    }
    fputc('\n', out);
}
