/*
 * html_tokenizer: the HTML standard's tokenizer (13.2.5), for streams.
 *
 * Takes bytes in pieces of any size, valid UTF-8 or not (it hands bytes on as
 * they are), and reports tags and, where asked, text. How the input is cut
 * into pieces changes nothing. Memory is bounded by the limits below, there
 * is no recursion and no tree. What the standard lets the tree builder decide,
 * the sink decides while it takes a start tag: html_tokenizer_set_model() and
 * the switches.
 */
#ifndef CRAWLER_HTML_HTML_TOKENIZER_H
#define CRAWLER_HTML_HTML_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crawler/html/html_tag.h"

/* Of one attribute value; a longer one is cut. */
#define HTML_VALUE_BYTES_MAX 65536
/* Of one run of text; the rest is dropped. */
#define HTML_RUN_BYTES_MAX   65536

enum html_model {
    HTML_MODEL_DATA,
    HTML_MODEL_RCDATA,  /* title, textarea */
    HTML_MODEL_RAWTEXT, /* style, iframe ... */
    HTML_MODEL_SCRIPT,
    HTML_MODEL_PLAINTEXT, /* to the end */
};

struct html_value {
    const unsigned char *data; /* borrowed; NULL: the attribute is absent */
    size_t len;
    bool cut;
};

/* A start or end tag; everything is borrowed. End tags have no values. */
struct html_tag {
    enum html_element element;
    bool is_end;
    bool self_closing;
    unsigned char name[HTML_NAME_BYTES]; /* lower case */
    size_t name_len; /* may be larger than what is kept of the name */
    struct html_value values[HTML_ATTRIBUTE_NR]; /* references replaced */
};

typedef void (*html_tag_fn)(void *ctx, const struct html_tag *tag);
/* Text of one run or a part of one, references replaced. */
typedef void (*html_text_fn)(void *ctx, const unsigned char *data, size_t len);

/* A name in lower case. */
struct html_name {
    unsigned char bytes[HTML_NAME_BYTES];
    size_t len; /* may be larger than what is kept */
};

/* The attributes of the tag that is being read; sets are 1 << attribute. */
struct html_attributes {
    unsigned wanted;  /* those kept for this element */
    unsigned present; /* of those, seen */
    unsigned stored;  /* of those, copied into `store` */
    unsigned special; /* of those, with bytes that html_decode changes */
    enum html_attribute open;     /* being filled; HTML_ATTRIBUTE_NR: none */
    size_t at[HTML_ATTRIBUTE_NR]; /* of the stored ones, in `store` */
    struct buf store; /* values that do not lie in one piece; decoded ones */
};

/* Where a script stands (13.2.5.15 to 13.2.5.31). */
struct html_script {
    uint8_t level;  /* 0 plain, 1 escaped, 2 double escaped */
    uint8_t dashes; /* of "--" seen in an escaped script, at most 2 */
};

struct html_tokenizer {
    /* Switches, free for the sink to set in on_tag. */
    bool want_text;  /* report text; off: it is skipped unseen */
    bool want_all;   /* report every tag, not only elements with a number */
    bool want_cdata; /* <![CDATA[ begins a section: foreign content */
    bool stop;       /* ignore the rest of the input */

    /* The rest is the tokenizer's own. */
    void *ctx; /* borrowed */
    html_tag_fn on_tag;
    html_text_fn on_text;
    uint8_t state; /* enum state of html_states.h */
    uint8_t model; /* enum html_model */
    struct html_script script;
    struct html_tag tag;
    struct html_attributes attributes; /* of `tag` */
    struct html_name last_start; /* name of the last start tag: only an end tag
                                    of the same name ends raw text */
    struct html_name name;       /* of an attribute; in a script, of a tag */
    struct buf run;              /* text not yet reported */
    size_t run_mark;             /* its length before what may be an end tag */
    enum err err;
};

/* Allocates nothing. `on_text` is only called while want_text is set. */
void html_tokenizer_init(struct html_tokenizer *tokenizer, html_tag_fn on_tag,
                         html_text_fn on_text, void *ctx);
void html_tokenizer_release(struct html_tokenizer *tokenizer);
/* Ready for the next document; switches off, memory kept. */
void html_tokenizer_reset(struct html_tokenizer *tokenizer);

/* Reads on. CERR_NOMEM. */
enum err html_tokenizer_feed(struct html_tokenizer *tokenizer, const void *data,
                             size_t len) CERR_CHECK;
/* The input ends: reports what text is left. CERR_NOMEM. */
enum err html_tokenizer_finish(struct html_tokenizer *tokenizer) CERR_CHECK;

/* Only inside on_tag of a start tag: how its contents are read. */
void html_tokenizer_set_model(struct html_tokenizer *tokenizer,
                              enum html_model model);

#endif
