/*
 * url_unicode: what IDNA asks of single characters. Private to url*.c. The
 * answers are right for characters that are valid in a domain. Pure.
 */
#ifndef CRAWLER_URL_URL_UNICODE_H
#define CRAWLER_URL_URL_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* Bidi_Class as far as the Bidi rule tells it apart. */
enum url_bidi {
    URL_BIDI_LTR,    /* L */
    URL_BIDI_RTL,    /* R, AL */
    URL_BIDI_ARABIC, /* AN: Arabic numbers */
    URL_BIDI_EURO,   /* EN: European numbers */
    URL_BIDI_MARK,   /* NSM: marks on another character */
    URL_BIDI_NEUTRAL /* ES, CS, ET, ON, BN */
};

/* Joining_Type, as bits. */
enum url_joining {
    URL_JOINS_LEFT = 1 << 0,   /* L, D: with what follows */
    URL_JOINS_RIGHT = 1 << 1,  /* R, D: with what is before */
    URL_JOINS_THROUGH = 1 << 2 /* T: lies between two that join */
};

enum url_bidi url_bidi_of(uint32_t code);
unsigned url_joining_of(uint32_t code);
bool url_is_virama(uint32_t code);
/* Whether Unicode has assigned the character since libidn2 was made, and what
 * UTS #46 maps it to (itself, if it is valid). */
bool url_find_assigned(uint32_t code, uint32_t *to);
/* Whether it is such a character and a mark, which may not begin a label. */
bool url_is_assigned_mark(uint32_t code);

#endif
