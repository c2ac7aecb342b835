/*
 * The states of the tokenizer inside of RCDATA, RAWTEXT, scripts and
 * PLAINTEXT (HTML standard, 13.2.5.9 to 13.2.5.31): all that matters is where
 * the fitting end tag stands.
 */
#include <string.h>

#include "crawler/html/html_bytes.h"
#include "crawler/html/html_scan.h"
#include "crawler/html/html_states.h"
#include "crawler/html/html_token.h"

/* Reads RCDATA and RAWTEXT (13.2.5.2 and 13.2.5.3). What may become the end tag
 * is kept as text, and taken out of the run (back to run_mark) once it is one.
 */
const unsigned char *html_raw_state(struct html_tokenizer *tokenizer,
                                    const unsigned char *at,
                                    const unsigned char *end)
{
    const unsigned char *open = html_find(at, end, '<');

    html_add_run(tokenizer, at, (size_t)(open - at));
    if (open == end)
        return end;
    tokenizer->run_mark = tokenizer->run.len;
    html_add_run(tokenizer, "<", 1);
    tokenizer->state = STATE_RAW_OPEN;
    return open + 1;
}

/* What looked like an end tag was none. */
static void back_to_raw(struct html_tokenizer *tokenizer)
{
    tokenizer->state =
        tokenizer->model == HTML_MODEL_SCRIPT ? STATE_SCRIPT : STATE_RAW;
}

/* Reads what follows a '<' in RCDATA and RAWTEXT (13.2.5.9 and 13.2.5.12). */
const unsigned char *html_raw_open_state(struct html_tokenizer *tokenizer,
                                         const unsigned char *at,
                                         const unsigned char *end)
{
    (void)end;
    if (*at != '/') {
        back_to_raw(tokenizer);
        return at;
    }
    html_add_run(tokenizer, "/", 1);
    tokenizer->state = STATE_RAW_END_OPEN;
    return at + 1;
}

/* Reads what follows "</" in them and in scripts (13.2.5.10, 13.2.5.13 and
 * 13.2.5.16). */
const unsigned char *html_raw_end_open_state(struct html_tokenizer *tokenizer,
                                             const unsigned char *at,
                                             const unsigned char *end)
{
    (void)end;
    if (html_has_class(*at, CLASS_ALPHA)) {
        html_begin_tag(tokenizer, true);
        tokenizer->state = STATE_RAW_END_NAME;
    } else {
        back_to_raw(tokenizer);
    }
    return at;
}

/* Reads the name of an end tag (13.2.5.11, 13.2.5.14 and 13.2.5.17): only the
 * name of the open element makes it one ("appropriate end tag token"). */
const unsigned char *html_raw_end_name_state(struct html_tokenizer *tokenizer,
                                             const unsigned char *at,
                                             const unsigned char *end)
{
    struct html_tag *tag = &tokenizer->tag;
    const unsigned char *to = html_skip_class(at, end, CLASS_ALPHA);

    html_add_name(tag->name, &tag->name_len, at, to);
    html_add_run(tokenizer, at, (size_t)(to - at));
    if (to == end)
        return end;
    if (!html_has_class(*to, CLASS_TAG_END) ||
        tag->name_len != tokenizer->last_start.len ||
        memcmp(tag->name, tokenizer->last_start.bytes, tag->name_len) != 0) {
        back_to_raw(tokenizer);
        return to;
    }
    tokenizer->run.len = tokenizer->run_mark;
    html_end_tag_name(tokenizer);
    tokenizer->state = STATE_AFTER_VALUE;
    return to;
}

/* Reads a script. "<!--" leads to the escaped level, where "<script" leads to
 * the double escaped one and "</script" back from there; "-->" leads out of
 * both. Only outside of the double escaped level does "</script" end the
 * element. */
const unsigned char *html_script_state(struct html_tokenizer *tokenizer,
                                       const unsigned char *at,
                                       const unsigned char *end)
{
    if (tokenizer->script.level == 0)
        at = html_find(at, end, '<');
    for (; at < end; at++) {
        if (*at == '<') {
            tokenizer->script.dashes = 0;
            tokenizer->state = STATE_SCRIPT_OPEN;
            return at + 1;
        }
        if (*at == '>' && tokenizer->script.dashes == 2) {
            tokenizer->script.level = 0;
            return at + 1;
        }
        if (*at != '-')
            tokenizer->script.dashes = 0;
        else if (tokenizer->script.dashes < 2)
            tokenizer->script.dashes++;
    }
    return end;
}

/* Reads what follows a '<' in a script (13.2.5.15, 13.2.5.23 and 13.2.5.30). */
const unsigned char *html_script_open_state(struct html_tokenizer *tokenizer,
                                            const unsigned char *at,
                                            const unsigned char *end)
{
    uint8_t level = tokenizer->script.level;

    (void)end;
    tokenizer->name.len = 0;
    tokenizer->state = STATE_SCRIPT;
    if (*at == '/') {
        tokenizer->state = level == 2 ? STATE_SCRIPT_NAME : STATE_RAW_END_OPEN;
        return at + 1;
    }
    if (*at == '!' && level == 0) {
        tokenizer->state = STATE_SCRIPT_BANG;
        return at + 1;
    }
    if (html_has_class(*at, CLASS_ALPHA) && level == 1)
        tokenizer->state = STATE_SCRIPT_NAME;
    return at;
}

/* 13.2.5.18 and 13.2.5.19: "<!--" leads to the escaped level. */
const unsigned char *html_script_bang_state(struct html_tokenizer *tokenizer,
                                            const unsigned char *at,
                                            const unsigned char *end)
{
    bool is_second = tokenizer->state == STATE_SCRIPT_BANG_DASH;

    (void)end;
    if (*at != '-') {
        tokenizer->state = STATE_SCRIPT;
        return at;
    }
    tokenizer->state = is_second ? STATE_SCRIPT : STATE_SCRIPT_BANG_DASH;
    if (is_second) {
        tokenizer->script.level = 1;
        tokenizer->script.dashes = 2; /* so that "<!-->" is over at once */
    }
    return at + 1;
}

/* 13.2.5.26 and 13.2.5.31: "script" behind '<' or "</" changes the level,
 * whatever level it is. */
const unsigned char *html_script_name_state(struct html_tokenizer *tokenizer,
                                            const unsigned char *at,
                                            const unsigned char *end)
{
    const unsigned char *to = html_skip_class(at, end, CLASS_ALPHA);

    html_add_name(tokenizer->name.bytes, &tokenizer->name.len, at, to);
    if (to == end)
        return end;
    tokenizer->state = STATE_SCRIPT;
    if (!html_has_class(*to, CLASS_TAG_END))
        return to;
    if (tokenizer->name.len == 6 &&
        memcmp(tokenizer->name.bytes, "script", 6) == 0)
        tokenizer->script.level = tokenizer->script.level == 1 ? 2 : 1;
    return to + 1;
}

/* Reads PLAINTEXT, which never ends (13.2.5.5). */
const unsigned char *html_plaintext_state(struct html_tokenizer *tokenizer,
                                          const unsigned char *at,
                                          const unsigned char *end)
{
    html_add_run(tokenizer, at, (size_t)(end - at));
    return end;
}
