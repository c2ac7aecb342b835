/*
 * text: what keeps bytes from outside harmless where people read them.
 *
 * Pure. Knows UTF-8 (RFC 3629) and nothing else.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the longest valid UTF-8 prefix of `data`; equals `len` if all is
 * valid (no surrogates, no overlong forms, at most U+10FFFF). */
size_t text_utf8_prefix(const void *data, size_t len);

/* Whether every byte is below 0x80. */
bool text_is_ascii(const void *data, size_t len);

/*
 * Copies text for a terminal or a log: valid printable UTF-8 stays. Control
 * bytes (C0, DEL, C1), characters that are not seen or turn the order of others
 * (bidi and other format characters, line separators) and invalid bytes become
 * \xNN. Always ends in a NUL,
 * cuts at `cap` - 1 bytes, never inside an escape or a character. Returns the
 * length written. `cap` at least 1.
 */
size_t text_escape(const void *data, size_t len, char *out, size_t cap);

/*
 * Copies text for a database: invalid bytes and control characters (C0 but for
 * TAB, LF and CR, DEL, C1) become U+FFFD, everything else stays. Writes at most
 * `cap` bytes, never half a character, no NUL behind. Returns the length
 * written.
 */
size_t text_clean(const void *data, size_t len, char *out, size_t cap);

/* The same for a format that escapes control characters itself, as JSON does:
 * of those only NUL becomes U+FFFD. */
size_t text_repair(const void *data, size_t len, char *out, size_t cap);

/*
 * Writes a word as a shell reads it back (POSIX, XCU 2.2): as it is if no
 * character of it means something to a shell, else in quotes. Cuts at
 * `cap` - 1 bytes and ends in a NUL; returns the length that it needs, as
 * snprintf() does. `cap` at least 1.
 */
size_t text_shell_word(const char *word, char *out, size_t cap);

/* Writes the names of the bits that are set, the lowest first, with ", "
 * between: "files, limits"; "" for 0. Cut at `cap`, which is at least 1. */
void text_name_bits(uint32_t bits, const char *const *names, size_t nr_names,
                    char *out, size_t cap);

#endif
