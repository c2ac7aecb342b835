/*
 * DESIGN. html_states.c holds one function per state or group of states of
 * the standard, called from a table until the piece is used up; each consumes
 * what belongs to it and sets the next state, so that a piece may end
 * anywhere. Here is what the states share: text, tags and their values.
 *
 * Values are slices of the piece. They are copied only when a tag straddles
 * two pieces or when they hold references; those that nobody keeps are not
 * even looked at.
 */
#include "crawler/html/html_tokenizer.h"

#include <assert.h>
#include <string.h>

#include "crawler/html/html_entity.h"
#include "crawler/html/html_internal.h"
#include "crawler/html/html_scan.h"

#define KEEP_BYTES      ((size_t)64 << 10) /* of buffers between documents */
/* Raw values and decoded ones: cannot be reached. */
#define STORE_BYTES_MAX ((size_t)HTML_ATTRIBUTE_NR * 4 * HTML_VALUE_BYTES_MAX)

static void note_err(struct html_tokenizer *tokenizer, enum err err)
{
    if (tokenizer->err == CERR_OK)
        tokenizer->err = err;
}

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

/* Reports the run: no later byte can change how it is read. */
void html_flush_run(struct html_tokenizer *tokenizer)
{
    struct buf *run = &tokenizer->run, *store = &tokenizer->store;
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

void html_begin_tag(struct html_tokenizer *tokenizer, bool is_end)
{
    tokenizer->tag.is_end = is_end;
    tokenizer->tag.self_closing = false;
    tokenizer->tag.name_len = 0;
    tokenizer->tag.element = HTML_UNKNOWN;
    tokenizer->wanted = 0;
    tokenizer->present = 0;
    tokenizer->stored = 0;
    tokenizer->special = 0;
    tokenizer->open = HTML_ATTRIBUTE_NR;
    buf_reset(&tokenizer->store);
    tokenizer->state = STATE_TAG_NAME;
}

void html_end_tag_name(struct html_tokenizer *tokenizer)
{
    struct html_tag *tag = &tokenizer->tag;

    tag->element = tokenizer->want_all
                       ? html_element_find_any(tag->name, tag->name_len)
                       : html_element_find(tag->name, tag->name_len);
    if (!tag->is_end)
        tokenizer->wanted = html_attributes_of(tag->element);
}

static void decode_value(struct html_tokenizer *tokenizer,
                         struct html_value *value)
{
    size_t from = tokenizer->store.len;

    note_err(tokenizer, html_decode(&tokenizer->store, value->data, value->len,
                                    HTML_IN_ATTRIBUTE));
    value->data = tokenizer->store.data + from;
    value->len = tokenizer->store.len - from;
}

/* Makes views of the kept values, references replaced. */
static void finish_values(struct html_tokenizer *tokenizer)
{
    struct html_value *values = tokenizer->tag.values;
    size_t decoded = 0;

    for (unsigned i = 0; i < HTML_ATTRIBUTE_NR; i++) {
        if (tokenizer->special & 1U << i)
            decoded += html_decoded_max(values[i].len);
    }
    /* at once, so that the views stay where they are */
    note_err(tokenizer, buf_reserve(&tokenizer->store, decoded + 1));
    if (tokenizer->err != CERR_OK)
        return;
    for (unsigned i = 0; i < HTML_ATTRIBUTE_NR; i++) {
        if (tokenizer->stored & 1U << i)
            values[i].data = tokenizer->store.data + tokenizer->value_at[i];
        if (tokenizer->special & 1U << i)
            decode_value(tokenizer, &values[i]);
    }
}

void html_emit_tag(struct html_tokenizer *tokenizer)
{
    struct html_tag *tag = &tokenizer->tag;

    html_flush_run(tokenizer);
    if (!tag->is_end) {
        memcpy(tokenizer->last_start, tag->name, sizeof(tag->name));
        tokenizer->last_start_len = tag->name_len;
    }
    tokenizer->model = HTML_MODEL_DATA;
    tokenizer->state = STATE_DATA;
    if (tag->element == HTML_UNKNOWN && !tokenizer->want_all)
        return;
    if (tokenizer->stored || tokenizer->special)
        finish_values(tokenizer);
    if (tokenizer->err == CERR_OK)
        tokenizer->on_tag(tokenizer->ctx, tag);
    for (unsigned i = 0; tokenizer->present >> i != 0; i++)
        tag->values[i] = (struct html_value){NULL};
    tokenizer->present = 0;
}

/* An attribute's name is complete; the first of two with one name counts. */
void html_begin_value(struct html_tokenizer *tokenizer)
{
    static const unsigned char empty[1];
    enum html_attribute name;

    tokenizer->open = HTML_ATTRIBUTE_NR;
    if (tokenizer->wanted == 0)
        return;
    name = html_attribute_find(tokenizer->name, tokenizer->name_len);
    if (!(tokenizer->wanted & ~tokenizer->present & 1U << name))
        return;
    tokenizer->open = name;
    tokenizer->present |= 1U << name;
    tokenizer->tag.values[name] = (struct html_value){.data = empty};
}

/* The open value goes on with [from, to) of this piece. */
void html_add_value(struct html_tokenizer *tokenizer, const unsigned char *from,
                    const unsigned char *to)
{
    unsigned bit = 1U << tokenizer->open;
    struct html_value *value = &tokenizer->tag.values[tokenizer->open];
    size_t len = (size_t)(to - from);

    if (tokenizer->open == HTML_ATTRIBUTE_NR || len == 0)
        return;
    if (len > HTML_VALUE_BYTES_MAX - value->len) {
        len = HTML_VALUE_BYTES_MAX - value->len;
        value->cut = true;
    }
    if (html_find_3(from, from + len, '&', '\r', '\0') < from + len)
        tokenizer->special |= bit;
    if (tokenizer->stored & bit)
        note_err(tokenizer, buf_add(&tokenizer->store, from, len));
    else
        value->data = from;
    value->len += len;
}

/* Copies a value out of the piece, which is about to go. */
static void store_values(struct html_tokenizer *tokenizer)
{
    unsigned slices = tokenizer->present & ~tokenizer->stored;
    struct html_value *values = tokenizer->tag.values;

    /* the open one last: it may go on */
    for (unsigned i = 0; i < HTML_ATTRIBUTE_NR; i++) {
        unsigned name = (i + 1 + tokenizer->open) % HTML_ATTRIBUTE_NR;

        if (!(slices & 1U << name))
            continue;
        tokenizer->value_at[name] = tokenizer->store.len;
        note_err(tokenizer, buf_add(&tokenizer->store, values[name].data,
                                    values[name].len));
        tokenizer->stored |= 1U << name;
    }
}

void html_tokenizer_init(struct html_tokenizer *tokenizer, html_tag_fn on_tag,
                         html_text_fn on_text, void *ctx)
{
    *tokenizer = (struct html_tokenizer){
        .ctx = ctx, .on_tag = on_tag, .on_text = on_text};
    buf_init(&tokenizer->store, STORE_BYTES_MAX);
    buf_init(&tokenizer->run, HTML_RUN_BYTES_MAX);
}

void html_tokenizer_release(struct html_tokenizer *tokenizer)
{
    buf_release(&tokenizer->store);
    buf_release(&tokenizer->run);
}

void html_tokenizer_reset(struct html_tokenizer *tokenizer)
{
    struct buf store = tokenizer->store, run = tokenizer->run;

    buf_reset_to(&store, KEEP_BYTES);
    buf_reset_to(&run, KEEP_BYTES);
    html_tokenizer_init(tokenizer, tokenizer->on_tag, tokenizer->on_text,
                        tokenizer->ctx);
    tokenizer->store = store;
    tokenizer->run = run;
}

enum err html_tokenizer_feed(struct html_tokenizer *tokenizer, const void *data,
                             size_t len)
{
    const unsigned char *at = data, *end;

    if (len == 0)
        return tokenizer->err;
    end = at + len;
    while (at < end && !tokenizer->stop && tokenizer->err == CERR_OK)
        at = html_states[tokenizer->state](tokenizer, at, end);
    if (tokenizer->present != 0)
        store_values(tokenizer);
    return tokenizer->err;
}

enum err html_tokenizer_finish(struct html_tokenizer *tokenizer)
{
    if (tokenizer->stop)
        return tokenizer->err;
    /* an open tag is dropped (13.2.5.6 and others); these are text yet */
    if (tokenizer->state == STATE_TAG_OPEN)
        html_add_run(tokenizer, "<", 1);
    if (tokenizer->state == STATE_END_TAG_OPEN)
        html_add_run(tokenizer, "</", 2);
    html_flush_run(tokenizer);
    return tokenizer->err;
}

void html_tokenizer_set_model(struct html_tokenizer *tokenizer,
                              enum html_model model)
{
    static const uint8_t first_state[] = {
        [HTML_MODEL_DATA] = STATE_DATA,
        [HTML_MODEL_RCDATA] = STATE_RAW,
        [HTML_MODEL_RAWTEXT] = STATE_RAW,
        [HTML_MODEL_SCRIPT] = STATE_SCRIPT,
        [HTML_MODEL_PLAINTEXT] = STATE_PLAINTEXT,
    };

    assert(!tokenizer->tag.is_end);
    tokenizer->model = (uint8_t)model;
    tokenizer->state = first_state[model];
    tokenizer->script_level = 0;
    tokenizer->dashes = 0;
}
