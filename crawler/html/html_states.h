/*
 * html_states: the states of the tokenizer (HTML standard, 13.2.5), a function
 * for each. Private to html_tokenizer.c, html_states.c, html_raw.c and
 * html_token.c.
 */
#ifndef CRAWLER_HTML_HTML_STATES_H
#define CRAWLER_HTML_HTML_STATES_H

#include "crawler/html/html_tokenizer.h"

/*
 * The groups of states and how one leads to another. A name stands for a group;
 * what stands in brackets is the function.
 *
 *   DATA --'<'--> TAG_OPEN ---letter---> TAG_NAME ----> the attributes of a tag
 *                          --'/'-> END_TAG_OPEN -letter-^
 *                          --'!'-> MARKUP -"--"--> COMMENT... -"-->"--> DATA
 *                                         -"[CDATA["--> CDATA... -"]]>"--> DATA
 *                                         -else--> BOGUS --'>'--> DATA
 *                          --'?'-> BOGUS
 *
 *   TAG_NAME -> BEFORE_NAME -> NAME -> AFTER_NAME -> BEFORE_VALUE -> VALUE_...
 *        \            ^                                                 |
 *         `---> AFTER_VALUE <-------------------------------------------'
 *                  | '/': SELF_CLOSING
 *                  '>': the tag is complete                [html_emit_tag]
 *
 * Behind a complete tag follows DATA, unless on_tag chose another model for the
 * contents [html_tokenizer_set_model]:
 *
 *   RCDATA, RAWTEXT   RAW --'<'--> RAW_OPEN --'/'--> RAW_END_OPEN -letter->
 *                     RAW_END_NAME --the fitting name--> AFTER_VALUE
 *   SCRIPT            SCRIPT --'<'--> SCRIPT_OPEN --'/'--> RAW_END_OPEN, or
 *                     SCRIPT_BANG... and SCRIPT_NAME, which change the level
 *   PLAINTEXT         nothing leads out of it
 */
enum state {
    STATE_DATA,
    STATE_TAG_OPEN,     /* behind '<' */
    STATE_END_TAG_OPEN, /* behind "</" */
    STATE_TAG_NAME,
    STATE_BEFORE_NAME, /* of an attribute, as the seven below */
    STATE_NAME,
    STATE_AFTER_NAME,
    STATE_BEFORE_VALUE,
    STATE_VALUE_DOUBLE,
    STATE_VALUE_SINGLE,
    STATE_VALUE_UNQUOTED,
    STATE_AFTER_VALUE, /* and wherever else only blanks, '/' and '>' count */
    STATE_SELF_CLOSING,
    STATE_MARKUP, /* behind "<!" */
    STATE_BOGUS,  /* comment; a DOCTYPE too */
    STATE_COMMENT_START,
    STATE_COMMENT_START_DASH,
    STATE_COMMENT,
    STATE_COMMENT_DASH,
    STATE_COMMENT_END,
    STATE_COMMENT_BANG,
    STATE_CDATA,
    STATE_CDATA_BRACKET,
    STATE_CDATA_END,
    STATE_RAW, /* RCDATA, RAWTEXT */
    STATE_RAW_OPEN,
    STATE_RAW_END_OPEN,
    STATE_RAW_END_NAME,
    STATE_SCRIPT,
    STATE_SCRIPT_OPEN,
    STATE_SCRIPT_BANG,
    STATE_SCRIPT_BANG_DASH,
    STATE_SCRIPT_NAME,
    STATE_PLAINTEXT,
    STATE_NR
};

/*
 * Consumes bytes of [at, end), which is not empty, and returns where the next
 * state goes on; may consume nothing if it changes the state.
 */
typedef const unsigned char *(*html_state_fn)(struct html_tokenizer *tokenizer,
                                              const unsigned char *at,
                                              const unsigned char *end);

extern const html_state_fn html_states[STATE_NR];

/* The states of html_raw.c. */
const unsigned char *html_raw_state(struct html_tokenizer *tokenizer,
                                    const unsigned char *at,
                                    const unsigned char *end);
const unsigned char *html_raw_open_state(struct html_tokenizer *tokenizer,
                                         const unsigned char *at,
                                         const unsigned char *end);
const unsigned char *html_raw_end_open_state(struct html_tokenizer *tokenizer,
                                             const unsigned char *at,
                                             const unsigned char *end);
const unsigned char *html_raw_end_name_state(struct html_tokenizer *tokenizer,
                                             const unsigned char *at,
                                             const unsigned char *end);
const unsigned char *html_script_state(struct html_tokenizer *tokenizer,
                                       const unsigned char *at,
                                       const unsigned char *end);
const unsigned char *html_script_open_state(struct html_tokenizer *tokenizer,
                                            const unsigned char *at,
                                            const unsigned char *end);
const unsigned char *html_script_bang_state(struct html_tokenizer *tokenizer,
                                            const unsigned char *at,
                                            const unsigned char *end);
const unsigned char *html_script_name_state(struct html_tokenizer *tokenizer,
                                            const unsigned char *at,
                                            const unsigned char *end);
const unsigned char *html_plaintext_state(struct html_tokenizer *tokenizer,
                                          const unsigned char *at,
                                          const unsigned char *end);

#endif
