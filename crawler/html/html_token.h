/*
 * html_token: the run of text and the tag that the tokenizer is reading, and
 * how they are reported. Private to html_tokenizer.c and the states.
 */
#ifndef CRAWLER_HTML_HTML_TOKEN_H
#define CRAWLER_HTML_HTML_TOKEN_H

#include "crawler/html/html_tokenizer.h"

/* Keeps text of the current run if anybody wants it. */
void html_add_run(struct html_tokenizer *tokenizer, const void *data,
                  size_t len);
/* Reports the run: no later byte can change how it is read. */
void html_flush_run(struct html_tokenizer *tokenizer);
/* An empty tag; its name comes next. */
void html_begin_tag(struct html_tokenizer *tokenizer, bool is_end);
/* The tag's name is complete: decides which attributes are kept. */
void html_end_tag_name(struct html_tokenizer *tokenizer);
/* An attribute's name is complete; the first of two with one name counts. */
void html_begin_value(struct html_tokenizer *tokenizer);
/* The attribute's value goes on with [from, to) of this piece. */
void html_add_value(struct html_tokenizer *tokenizer, const unsigned char *from,
                    const unsigned char *to);
/* The tag is complete: reports it. */
void html_emit_tag(struct html_tokenizer *tokenizer);

/* The piece is used up: copies the values that lie in it. */
void html_store_values(struct html_tokenizer *tokenizer);

#endif
