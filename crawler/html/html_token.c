/*
 * The parts of html_token.h. Values are slices of the piece that is being read.
 * They are copied only when a tag straddles two pieces or when they hold
 * references; those that nobody keeps are not even looked at.
 */
#include "crawler/html/html_token.h"

#include <string.h>

#include "crawler/html/html_entity.h"
#include "crawler/html/html_scan.h"
#include "crawler/html/html_states.h"

/* The first error is kept; it ends the reading of the document. */
static void note_err(struct html_tokenizer *tokenizer, enum err err)
{
    if (tokenizer->err == CERR_OK)
        tokenizer->err = err;
}

/* A run counts as text in RCDATA, the model of a title; RAWTEXT and scripts are
 * code, which nobody reads. */
void html_add_run(struct html_tokenizer *tokenizer, const void *data,
                  size_t len)
{
    size_t room = HTML_RUN_BYTES_MAX - tokenizer->run.len;
    bool is_code = tokenizer->model == HTML_MODEL_RAWTEXT ||
                   tokenizer->model == HTML_MODEL_SCRIPT;

    if (tokenizer->want_text && !is_code)
        note_err(tokenizer,
                 buf_add(&tokenizer->run, data, len < room ? len : room));
}

/* Most runs hold nothing to decode, and are handed on where they lie. */
void html_flush_run(struct html_tokenizer *tokenizer)
{
    struct buf *run = &tokenizer->run, *store = &tokenizer->attributes.store;
    enum html_context context =
        tokenizer->model == HTML_MODEL_DATA ? HTML_IN_TEXT : HTML_IN_RCDATA;
    size_t from = store->len;
    const unsigned char *end;

    if (run->len == 0)
        return;
    end = run->data + run->len;
    if (html_find_3(run->data, end, '&', '\r', '\0') == end) {
        tokenizer->on_text(tokenizer->ctx, run->data, run->len);
    } else {
        note_err(tokenizer, html_decode(store, run->data, run->len, context));
        if (store->len > from)
            tokenizer->on_text(tokenizer->ctx, store->data + from,
                               store->len - from);
        store->len = from; /* values of an open tag may stand before it */
    }
    buf_reset(run);
}

/* Only those fields are set that the next tag reads; values[] are empty between
 * tags. */
void html_begin_tag(struct html_tokenizer *tokenizer, bool is_end)
{
    tokenizer->tag.is_end = is_end;
    tokenizer->tag.self_closing = false;
    tokenizer->tag.name_len = 0;
    tokenizer->tag.element = HTML_UNKNOWN;
    tokenizer->attributes.wanted = 0;
    tokenizer->attributes.present = 0;
    tokenizer->attributes.stored = 0;
    tokenizer->attributes.special = 0;
    tokenizer->attributes.open = HTML_ATTRIBUTE_NR;
    buf_reset(&tokenizer->attributes.store);
    tokenizer->state = STATE_TAG_NAME;
}

void html_end_tag_name(struct html_tokenizer *tokenizer)
{
    struct html_tag *tag = &tokenizer->tag;

    tag->element = tokenizer->want_all
                       ? html_element_find_any(tag->name, tag->name_len)
                       : html_element_find(tag->name, tag->name_len);
    if (!tag->is_end)
        tokenizer->attributes.wanted = html_attributes_of(tag->element);
}

/* Appends the value to `store` with its references replaced, and has it point
 * there. */
static void decode_value(struct html_tokenizer *tokenizer,
                         struct html_value *value)
{
    size_t from = tokenizer->attributes.store.len;

    note_err(tokenizer, html_decode(&tokenizer->attributes.store, value->data,
                                    value->len, HTML_IN_ATTRIBUTE));
    value->data = tokenizer->attributes.store.data + from;
    value->len = tokenizer->attributes.store.len - from;
}

/* Turns the kept values into views of bytes that no longer move, references
 * replaced. */
static void finish_values(struct html_tokenizer *tokenizer)
{
    struct html_value *values = tokenizer->tag.values;
    size_t decoded = 0;

    for (unsigned i = 0; i < HTML_ATTRIBUTE_NR; i++) {
        if (tokenizer->attributes.special & 1U << i)
            decoded += html_decoded_max(values[i].len);
    }
    /* All room is made at once: a later growth would move the views. */
    note_err(tokenizer, buf_reserve(&tokenizer->attributes.store, decoded + 1));
    if (tokenizer->err != CERR_OK)
        return;
    for (unsigned i = 0; i < HTML_ATTRIBUTE_NR; i++) {
        if (tokenizer->attributes.stored & 1U << i)
            values[i].data =
                tokenizer->attributes.store.data + tokenizer->attributes.at[i];
        if (tokenizer->attributes.special & 1U << i)
            decode_value(tokenizer, &values[i]);
    }
}

/* A tree builder sees each tag once (13.2.6). on_tag plays its part and may
 * choose the model of what follows. */
void html_emit_tag(struct html_tokenizer *tokenizer)
{
    struct html_tag *tag = &tokenizer->tag;

    html_flush_run(tokenizer);
    if (!tag->is_end) {
        memcpy(tokenizer->last_start.bytes, tag->name, sizeof(tag->name));
        tokenizer->last_start.len = tag->name_len;
    }
    tokenizer->model = HTML_MODEL_DATA;
    tokenizer->state = STATE_DATA;
    if (tag->element == HTML_UNKNOWN && !tokenizer->want_all)
        return;
    if (tokenizer->attributes.stored || tokenizer->attributes.special)
        finish_values(tokenizer);
    if (tokenizer->err == CERR_OK)
        tokenizer->on_tag(tokenizer->ctx, tag);
    for (unsigned i = 0; tokenizer->attributes.present >> i != 0; i++)
        tag->values[i] = (struct html_value){NULL};
    tokenizer->attributes.present = 0;
}

/* A value points at a byte of its own from the start, so that it is there even
 * if it stays empty. */
void html_begin_value(struct html_tokenizer *tokenizer)
{
    static const unsigned char empty[1];
    enum html_attribute name;

    tokenizer->attributes.open = HTML_ATTRIBUTE_NR;
    if (tokenizer->attributes.wanted == 0)
        return;
    name = html_attribute_find(tokenizer->name.bytes, tokenizer->name.len);
    if (!(tokenizer->attributes.wanted & ~tokenizer->attributes.present &
          1U << name))
        return;
    tokenizer->attributes.open = name;
    tokenizer->attributes.present |= 1U << name;
    tokenizer->tag.values[name] = (struct html_value){.data = empty};
}

/* A value that is split by the end of a piece goes on in `store`. */
void html_add_value(struct html_tokenizer *tokenizer, const unsigned char *from,
                    const unsigned char *to)
{
    unsigned bit = 1U << tokenizer->attributes.open;
    struct html_value *value =
        &tokenizer->tag.values[tokenizer->attributes.open];
    size_t len = (size_t)(to - from);

    if (tokenizer->attributes.open == HTML_ATTRIBUTE_NR || len == 0)
        return;
    if (len > HTML_VALUE_BYTES_MAX - value->len) {
        len = HTML_VALUE_BYTES_MAX - value->len;
        value->cut = true;
    }
    if (html_find_3(from, from + len, '&', '\r', '\0') < from + len)
        tokenizer->attributes.special |= bit;
    if (tokenizer->attributes.stored & bit)
        note_err(tokenizer, buf_add(&tokenizer->attributes.store, from, len));
    else
        value->data = from;
    value->len += len;
}

/* The open value is stored last: it may go on, and only the end of `store` can
 * grow. */
void html_store_values(struct html_tokenizer *tokenizer)
{
    unsigned slices =
        tokenizer->attributes.present & ~tokenizer->attributes.stored;
    struct html_value *values = tokenizer->tag.values;

    for (unsigned i = 0; i < HTML_ATTRIBUTE_NR; i++) {
        unsigned name =
            (i + 1 + tokenizer->attributes.open) % HTML_ATTRIBUTE_NR;

        if (!(slices & 1U << name))
            continue;
        tokenizer->attributes.at[name] = tokenizer->attributes.store.len;
        note_err(tokenizer, buf_add(&tokenizer->attributes.store,
                                    values[name].data, values[name].len));
        tokenizer->attributes.stored |= 1U << name;
    }
}
