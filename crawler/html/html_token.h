/*
 * html_token: the run of text and the tag that the tokenizer is reading, and
 * how they are reported. Private to html_tokenizer.c and the states.
 */
#ifndef CRAWLER_HTML_HTML_TOKEN_H
#define CRAWLER_HTML_HTML_TOKEN_H

#include "crawler/html/html_tokenizer.h"

/* Keeps text of the current run, if the sink wants text and the model is none
 * of code. */
void html_add_run(struct html_tokenizer *tokenizer, const void *data,
                  size_t len);
/* Reports the run to the sink and empties it. Called only where no later byte
 * can change how its end is read ("&am" and then "p;"). */
void html_flush_run(struct html_tokenizer *tokenizer);
/* Begins a tag without name and attributes; the name comes next. */
void html_begin_tag(struct html_tokenizer *tokenizer, bool is_end);
/* Ends the tag's name: decides which attributes are kept. */
void html_end_tag_name(struct html_tokenizer *tokenizer);
/* Ends the attribute's name; of two with one name the first counts
 * (13.2.5.33). */
void html_begin_value(struct html_tokenizer *tokenizer);
/* Adds [from, to) of this piece to the attribute's value. */
void html_add_value(struct html_tokenizer *tokenizer, const unsigned char *from,
                    const unsigned char *to);
/* Ends the tag, and reports it to the sink. */
void html_emit_tag(struct html_tokenizer *tokenizer);

/* Copies the values that lie in the piece, which is about to go. */
void html_store_values(struct html_tokenizer *tokenizer);

#endif
