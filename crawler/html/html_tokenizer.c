/*
 * DESIGN. html_states.c and html_raw.c hold one function per state or group of
 * states of the standard, called from a table until the piece is used up; each
 * consumes what belongs to it and sets the next state, so that a piece may end
 * anywhere. What the states share, the text and the tag that are being read,
 * is html_token. Here is the loop, and what begins and ends a document.
 */
#include "crawler/html/html_tokenizer.h"

#include <assert.h>

#include "crawler/html/html_states.h"
#include "crawler/html/html_token.h"

#define KEEP_BYTES      ((size_t)64 << 10) /* of buffers between documents */
/* No tag reaches this limit: it is room for all values, raw and decoded. */
#define STORE_BYTES_MAX ((size_t)HTML_ATTRIBUTE_NR * 4 * HTML_VALUE_BYTES_MAX)

void html_tokenizer_init(struct html_tokenizer *tokenizer, html_tag_fn on_tag,
                         html_text_fn on_text, void *ctx)
{
    *tokenizer = (struct html_tokenizer){
        .ctx = ctx, .on_tag = on_tag, .on_text = on_text};
    buf_init(&tokenizer->attributes.store, STORE_BYTES_MAX);
    buf_init(&tokenizer->run, HTML_RUN_BYTES_MAX);
}

void html_tokenizer_release(struct html_tokenizer *tokenizer)
{
    buf_release(&tokenizer->attributes.store);
    buf_release(&tokenizer->run);
}

/* The buffers outlive the document, because pages are alike and allocations
 * dear. */
void html_tokenizer_reset(struct html_tokenizer *tokenizer)
{
    struct buf store = tokenizer->attributes.store, run = tokenizer->run;

    buf_reset_to(&store, KEEP_BYTES);
    buf_reset_to(&run, KEEP_BYTES);
    html_tokenizer_init(tokenizer, tokenizer->on_tag, tokenizer->on_text,
                        tokenizer->ctx);
    tokenizer->attributes.store = store;
    tokenizer->run = run;
}

/* This is the loop of the machine. Each state consumes bytes or changes the
 * state, so it ends. */
enum err html_tokenizer_feed(struct html_tokenizer *tokenizer, const void *data,
                             size_t len)
{
    const unsigned char *at = data, *end;

    if (len == 0)
        return tokenizer->err;
    end = at + len;
    while (at < end && !tokenizer->stop && tokenizer->err == CERR_OK)
        at = html_states[tokenizer->state](tokenizer, at, end);
    if (tokenizer->attributes.present != 0)
        html_store_values(tokenizer);
    return tokenizer->err;
}

enum err html_tokenizer_finish(struct html_tokenizer *tokenizer)
{
    if (tokenizer->stop)
        return tokenizer->err;
    /* An open tag is dropped at the end (13.2.5.6 and others), but what has
     * not become a tag yet is text. */
    if (tokenizer->state == STATE_TAG_OPEN)
        html_add_run(tokenizer, "<", 1);
    if (tokenizer->state == STATE_END_TAG_OPEN)
        html_add_run(tokenizer, "</", 2);
    html_flush_run(tokenizer);
    return tokenizer->err;
}

/* The sink switches the state where the standard's tree builder would
 * (13.2.6.4.7). */
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
    tokenizer->script.level = 0;
    tokenizer->script.dashes = 0;
}
