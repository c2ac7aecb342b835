/*
 * The states outside of raw text (HTML standard, 13.2.5), in its order.
 * DOCTYPEs end at the first '>' whatever is in them, and are read as bogus
 * comments; CR is white space wherever the standard, behind its newline
 * normalisation, says LF.
 */
#include "crawler/html/html_states.h"

#include "crawler/html/html_bytes.h"
#include "crawler/html/html_scan.h"
#include "crawler/html/html_token.h"

/*
 * The quote at `quote` in a tag whose name ends at `name_end` opens a value,
 * beyond doubt: before it stands '=', a plain name, and white space that does
 * not itself follow a '='. False says nothing.
 */
static bool opens_value(const unsigned char *name_end,
                        const unsigned char *quote)
{
    const unsigned char *at = quote - 1;

    if (at <= name_end || *at != '=' || !html_has_class(at[-1], CLASS_WORD))
        return false;
    while (at > name_end && html_has_class(at[-1], CLASS_WORD))
        at--;
    if (at == name_end || !html_has_class(at[-1], CLASS_SPACE))
        return false;
    while (at > name_end && html_has_class(at[-1], CLASS_SPACE))
        at--;
    return at == name_end || at[-1] != '=';
}

/*
 * Passes a tag that nobody asks for, as most of a page are, without the state
 * machine: `at` is its '<'. Returns the byte behind its '>'; or NULL for tags
 * that are asked for, reach beyond `end`, or are not plain enough.
 */
static const unsigned char *skip_tag(const unsigned char *at,
                                     const unsigned char *end)
{
    uint64_t word;
    size_t len;

    at++;
    if (at < end && *at == '/')
        at++;
    if (at == end || !html_has_class(*at, CLASS_ALPHA))
        return NULL;
    len = html_read_name(at, end, &word);
    if (len == 0 || html_element_of(word, len) != HTML_UNKNOWN)
        return NULL;
    at += len;
    if (*at == '>')
        return at + 1;
    if (!html_has_class(*at, CLASS_TAG_END))
        return NULL;
    while (at < end) {
        const unsigned char *from = at;

        at = html_find_3(at, end, '>', '"', '\'');
        if (at == end)
            return NULL;
        if (*at == '>')
            return at + 1;
        if (!opens_value(from, at))
            return NULL;
        at = html_find(at + 1, end, (char)*at);
        if (at == end)
            return NULL;
        at++;
    }
    return NULL;
}

/* Reads text, which is nearly all of a page (13.2.5.1). Text goes to the run;
 * tags that nobody asks for are passed here without a change of state. */
static const unsigned char *data_state(struct html_tokenizer *tokenizer,
                                       const unsigned char *at,
                                       const unsigned char *end)
{
    for (;;) {
        const unsigned char *open = html_find(at, end, '<');

        if (tokenizer->want_text)
            html_add_run(tokenizer, at, (size_t)(open - at));
        if (open == end)
            return end;
        at = tokenizer->want_all ? NULL : skip_tag(open, end);
        if (!at) {
            tokenizer->state = STATE_TAG_OPEN;
            return open + 1;
        }
        if (tokenizer->want_text)
            html_flush_run(tokenizer);
    }
}

/* Decides what a '<' opens (13.2.5.6); one that opens nothing is text. */
static const unsigned char *tag_open_state(struct html_tokenizer *tokenizer,
                                           const unsigned char *at,
                                           const unsigned char *end)
{
    (void)end;
    if (html_has_class(*at, CLASS_ALPHA)) {
        html_begin_tag(tokenizer, false);
        return at;
    }
    if (*at == '/') {
        tokenizer->state = STATE_END_TAG_OPEN;
        return at + 1;
    }
    if (*at == '!' || *at == '?') {
        html_flush_run(tokenizer);
        tokenizer->name.len = 0;
        tokenizer->state = *at == '!' ? STATE_MARKUP : STATE_BOGUS;
        return at + 1;
    }
    html_add_run(tokenizer, "<", 1);
    tokenizer->state = STATE_DATA;
    return at;
}

/* Decides what "</" opens (13.2.5.7): "</>" is nothing at all, "</3" a bogus
 * comment. */
static const unsigned char *end_tag_open_state(struct html_tokenizer *tokenizer,
                                               const unsigned char *at,
                                               const unsigned char *end)
{
    (void)end;
    if (html_has_class(*at, CLASS_ALPHA)) {
        html_begin_tag(tokenizer, true);
        return at;
    }
    html_flush_run(tokenizer);
    tokenizer->state = *at == '>' ? STATE_DATA : STATE_BOGUS;
    return *at == '>' ? at + 1 : at;
}

/* Reads the name of a tag (13.2.5.8). */
static const unsigned char *tag_name_state(struct html_tokenizer *tokenizer,
                                           const unsigned char *at,
                                           const unsigned char *end)
{
    struct html_tag *tag = &tokenizer->tag;
    const unsigned char *to = html_find_class(at, end, CLASS_TAG_END);

    html_add_name(tag->name, &tag->name_len, at, to);
    if (to == end)
        return end;
    html_end_tag_name(tokenizer);
    tokenizer->state = STATE_AFTER_VALUE; /* the same three bytes end a value */
    return to;
}

/* This is the state "before attribute name" (13.2.5.32). */
static const unsigned char *before_name_state(struct html_tokenizer *tokenizer,
                                              const unsigned char *at,
                                              const unsigned char *end)
{
    at = html_skip_class(at, end, CLASS_SPACE);
    if (at == end)
        return end;
    if (*at == '/' || *at == '>') {
        tokenizer->state = STATE_AFTER_VALUE;
        return at;
    }
    /* Any other byte begins a name, even '='. */
    tokenizer->name.len = 0;
    html_add_name(tokenizer->name.bytes, &tokenizer->name.len, at, at + 1);
    tokenizer->state = STATE_NAME;
    return at + 1;
}

/* 13.2.5.33, "attribute name". Quotes and '<' are errors there, and part of
 * the name. */
static const unsigned char *name_state(struct html_tokenizer *tokenizer,
                                       const unsigned char *at,
                                       const unsigned char *end)
{
    const unsigned char *to = html_find_class(at, end, CLASS_NAME_END);

    html_add_name(tokenizer->name.bytes, &tokenizer->name.len, at, to);
    if (to == end)
        return end;
    html_begin_value(tokenizer);
    tokenizer->state = *to == '=' ? STATE_BEFORE_VALUE : STATE_AFTER_NAME;
    return *to == '=' ? to + 1 : to;
}

/* This is the state "after attribute name" (13.2.5.34). */
static const unsigned char *after_name_state(struct html_tokenizer *tokenizer,
                                             const unsigned char *at,
                                             const unsigned char *end)
{
    at = html_skip_class(at, end, CLASS_SPACE);
    if (at == end)
        return end;
    tokenizer->state = *at == '=' ? STATE_BEFORE_VALUE : STATE_BEFORE_NAME;
    return *at == '=' ? at + 1 : at;
}

/* Looks for a value behind '=' (13.2.5.35); "<a href=>" has an empty one. */
static const unsigned char *before_value_state(struct html_tokenizer *tokenizer,
                                               const unsigned char *at,
                                               const unsigned char *end)
{
    at = html_skip_class(at, end, CLASS_SPACE);
    if (at == end)
        return end;
    if (*at == '"' || *at == '\'') {
        tokenizer->state = *at == '"' ? STATE_VALUE_DOUBLE : STATE_VALUE_SINGLE;
        return at + 1;
    }
    tokenizer->state = *at == '>' ? STATE_AFTER_VALUE : STATE_VALUE_UNQUOTED;
    return at;
}

/* Reads a value in either kind of quotes (13.2.5.36 and 13.2.5.37). */
static const unsigned char *value_state(struct html_tokenizer *tokenizer,
                                        const unsigned char *at,
                                        const unsigned char *end)
{
    char quote = tokenizer->state == STATE_VALUE_DOUBLE ? '"' : '\'';
    const unsigned char *to = html_find(at, end, quote);

    html_add_value(tokenizer, at, to);
    if (to == end)
        return end;
    tokenizer->state = STATE_AFTER_VALUE;
    return to + 1;
}

/* Reads a value without quotes (13.2.5.38). Such values are short, so they are
 * looked at byte by byte. */
static const unsigned char *unquoted_state(struct html_tokenizer *tokenizer,
                                           const unsigned char *at,
                                           const unsigned char *end)
{
    const unsigned char *to = at;

    while (to < end && *to != '>' && !html_has_class(*to, CLASS_SPACE))
        to++;
    html_add_value(tokenizer, at, to);
    if (to < end)
        tokenizer->state = STATE_AFTER_VALUE;
    return to;
}

/* After a quoted value, and wherever only white space, '/' and '>' matter. */
static const unsigned char *after_value_state(struct html_tokenizer *tokenizer,
                                              const unsigned char *at,
                                              const unsigned char *end)
{
    (void)end;
    if (*at == '>') {
        html_emit_tag(tokenizer);
        return at + 1;
    }
    tokenizer->state = *at == '/' ? STATE_SELF_CLOSING : STATE_BEFORE_NAME;
    return *at == '/' ? at + 1 : at;
}

/* Reads what follows a '/' in a tag (13.2.5.40); it counts only right before
 * '>'. */
static const unsigned char *self_closing_state(struct html_tokenizer *tokenizer,
                                               const unsigned char *at,
                                               const unsigned char *end)
{
    (void)end;
    tokenizer->tag.self_closing = *at == '>';
    tokenizer->state = *at == '>' ? STATE_AFTER_VALUE : STATE_BEFORE_NAME;
    return at;
}

/* 13.2.5.42, "markup declaration open", behind "<!": a comment, a CDATA section
 * where the content is foreign, or else a bogus comment. */
static const unsigned char *markup_state(struct html_tokenizer *tokenizer,
                                         const unsigned char *at,
                                         const unsigned char *end)
{
    static const char cdata[] = "[CDATA[";
    size_t *seen = &tokenizer->name.len; /* bytes of either that were right */

    (void)end;
    if (*seen == 0 ? *at == '-'
                   : tokenizer->name.bytes[0] == '-' && *at == '-') {
        tokenizer->name.bytes[0] = '-';
        tokenizer->state = ++*seen == 2 ? STATE_COMMENT_START : STATE_MARKUP;
        return at + 1;
    }
    if (tokenizer->want_cdata && *at == (unsigned char)cdata[*seen] &&
        (*seen == 0 || tokenizer->name.bytes[0] == '[')) {
        tokenizer->name.bytes[0] = '[';
        tokenizer->state = ++*seen == 7 ? STATE_CDATA : STATE_MARKUP;
        return at + 1;
    }
    tokenizer->state = STATE_BOGUS;
    return at;
}

/* Passes a bogus comment (13.2.5.41). */
static const unsigned char *bogus_state(struct html_tokenizer *tokenizer,
                                        const unsigned char *at,
                                        const unsigned char *end)
{
    at = html_find(at, end, '>');
    if (at == end)
        return end;
    tokenizer->state = STATE_DATA;
    return at + 1;
}

/* 13.2.5.45 to 13.2.5.49. What is between the first and the last bytes of a
 * comment takes one state, as the standard's differ in parse errors only. */
static const unsigned char *comment_state(struct html_tokenizer *tokenizer,
                                          const unsigned char *at,
                                          const unsigned char *end)
{
    at = html_find(at, end, '-');
    if (at == end)
        return end;
    tokenizer->state = STATE_COMMENT_DASH;
    return at + 1;
}

/* 13.2.5.43, 13.2.5.44 and 13.2.5.50 to 13.2.5.52: one byte of the beginning or
 * the end of a comment. "<!-->" is one, and "--!>" ends one. */
static const unsigned char *comment_edge_state(struct html_tokenizer *tokenizer,
                                               const unsigned char *at,
                                               const unsigned char *end)
{
    enum state state = (enum state)tokenizer->state, next = STATE_COMMENT;

    (void)end;
    if (*at == '-') {
        if (state == STATE_COMMENT_START)
            next = STATE_COMMENT_START_DASH;
        else
            next = state == STATE_COMMENT_BANG ? STATE_COMMENT_DASH
                                               : STATE_COMMENT_END;
    } else if (*at == '>' && state != STATE_COMMENT_DASH) {
        next = STATE_DATA;
    } else if (*at == '!' && state == STATE_COMMENT_END) {
        next = STATE_COMMENT_BANG;
    }
    tokenizer->state = (uint8_t)next;
    return at + 1;
}

/* Passes a CDATA section (13.2.5.69); what it holds is text that no crawler
 * needs. */
static const unsigned char *cdata_state(struct html_tokenizer *tokenizer,
                                        const unsigned char *at,
                                        const unsigned char *end)
{
    at = html_find(at, end, ']');
    if (at == end)
        return end;
    tokenizer->state = STATE_CDATA_BRACKET;
    return at + 1;
}

/* Ends a CDATA section (13.2.5.70 and 13.2.5.71): any number of ']' may stand
 * before the '>'. */
static const unsigned char *cdata_end_state(struct html_tokenizer *tokenizer,
                                            const unsigned char *at,
                                            const unsigned char *end)
{
    enum state next = STATE_CDATA;

    (void)end;
    if (*at == ']')
        next = STATE_CDATA_END;
    else if (*at == '>' && tokenizer->state == STATE_CDATA_END)
        next = STATE_DATA;
    tokenizer->state = (uint8_t)next;
    return at + 1;
}

/* The function of each state, by enum state. */
const html_state_fn html_states[STATE_NR] = {
    [STATE_DATA] = data_state,
    [STATE_TAG_OPEN] = tag_open_state,
    [STATE_END_TAG_OPEN] = end_tag_open_state,
    [STATE_TAG_NAME] = tag_name_state,
    [STATE_BEFORE_NAME] = before_name_state,
    [STATE_NAME] = name_state,
    [STATE_AFTER_NAME] = after_name_state,
    [STATE_BEFORE_VALUE] = before_value_state,
    [STATE_VALUE_DOUBLE] = value_state,
    [STATE_VALUE_SINGLE] = value_state,
    [STATE_VALUE_UNQUOTED] = unquoted_state,
    [STATE_AFTER_VALUE] = after_value_state,
    [STATE_SELF_CLOSING] = self_closing_state,
    [STATE_MARKUP] = markup_state,
    [STATE_BOGUS] = bogus_state,
    [STATE_COMMENT_START] = comment_edge_state,
    [STATE_COMMENT_START_DASH] = comment_edge_state,
    [STATE_COMMENT] = comment_state,
    [STATE_COMMENT_DASH] = comment_edge_state,
    [STATE_COMMENT_END] = comment_edge_state,
    [STATE_COMMENT_BANG] = comment_edge_state,
    [STATE_CDATA] = cdata_state,
    [STATE_CDATA_BRACKET] = cdata_end_state,
    [STATE_CDATA_END] = cdata_end_state,
    [STATE_RAW] = html_raw_state,
    [STATE_RAW_OPEN] = html_raw_open_state,
    [STATE_RAW_END_OPEN] = html_raw_end_open_state,
    [STATE_RAW_END_NAME] = html_raw_end_name_state,
    [STATE_SCRIPT] = html_script_state,
    [STATE_SCRIPT_OPEN] = html_script_open_state,
    [STATE_SCRIPT_BANG] = html_script_bang_state,
    [STATE_SCRIPT_BANG_DASH] = html_script_bang_state,
    [STATE_SCRIPT_NAME] = html_script_name_state,
    [STATE_PLAINTEXT] = html_plaintext_state,
};
