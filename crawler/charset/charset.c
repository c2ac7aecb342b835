/*
 * Names and labels of encodings, and what a byte order mark or a Content-Type
 * says. The prescan is in charset_detect.c.
 */
#include "crawler/charset/charset.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/*
 * The table of the Encoding standard, 4.2: the charset's own name and all of
 * its labels, parted by blanks.
 */
static const struct {
    const char *name;
    const char *labels;
} infos[CHARSET_NR] = {
    [CHARSET_UTF_8] = {"utf-8", "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 "
                                "unicode20utf8 x-unicode20utf8"},
    [CHARSET_IBM866] = {"ibm866", "866 cp866 csibm866 ibm866"},
    [CHARSET_ISO_8859_2] = {"iso-8859-2",
                            "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 "
                            "iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"},
    [CHARSET_ISO_8859_3] = {"iso-8859-3",
                            "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 "
                            "iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"},
    [CHARSET_ISO_8859_4] = {"iso-8859-4",
                            "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 "
                            "iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"},
    [CHARSET_ISO_8859_5] = {"iso-8859-5",
                            "csisolatincyrillic cyrillic iso-8859-5 "
                            "iso-ir-144 iso8859-5 iso88595 iso_8859-5 "
                            "iso_8859-5:1988"},
    [CHARSET_ISO_8859_6] = {"iso-8859-6",
                            "arabic asmo-708 csiso88596e csiso88596i "
                            "csisolatinarabic ecma-114 iso-8859-6 "
                            "iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 "
                            "iso88596 iso_8859-6 iso_8859-6:1987"},
    [CHARSET_ISO_8859_7] = {"iso-8859-7",
                            "csisolatingreek ecma-118 elot_928 greek greek8 "
                            "iso-8859-7 iso-ir-126 iso8859-7 iso88597 "
                            "iso_8859-7 iso_8859-7:1987 sun_eu_greek"},
    [CHARSET_ISO_8859_8] = {"iso-8859-8",
                            "csiso88598e csisolatinhebrew hebrew iso-8859-8 "
                            "iso-8859-8-e iso-ir-138 iso8859-8 iso88598 "
                            "iso_8859-8 iso_8859-8:1988 visual"},
    [CHARSET_ISO_8859_8_I] = {"iso-8859-8-i",
                              "csiso88598i iso-8859-8-i logical"},
    [CHARSET_ISO_8859_10] = {"iso-8859-10",
                             "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 "
                             "iso885910 l6 latin6"},
    [CHARSET_ISO_8859_13] = {"iso-8859-13", "iso-8859-13 iso8859-13 iso885913"},
    [CHARSET_ISO_8859_14] = {"iso-8859-14", "iso-8859-14 iso8859-14 iso885914"},
    [CHARSET_ISO_8859_15] = {"iso-8859-15",
                             "csisolatin9 iso-8859-15 iso8859-15 iso885915 "
                             "iso_8859-15 l9"},
    [CHARSET_ISO_8859_16] = {"iso-8859-16", "iso-8859-16"},
    [CHARSET_KOI8_R] = {"koi8-r", "cskoi8r koi koi8 koi8-r koi8_r"},
    [CHARSET_KOI8_U] = {"koi8-u", "koi8-ru koi8-u"},
    [CHARSET_MACINTOSH] = {"macintosh",
                           "csmacintosh mac macintosh x-mac-roman"},
    [CHARSET_WINDOWS_874] = {"windows-874",
                             "dos-874 iso-8859-11 iso8859-11 iso885911 "
                             "tis-620 windows-874"},
    [CHARSET_WINDOWS_1250] = {"windows-1250", "cp1250 windows-1250 x-cp1250"},
    [CHARSET_WINDOWS_1251] = {"windows-1251", "cp1251 windows-1251 x-cp1251"},
    [CHARSET_WINDOWS_1252] = {"windows-1252",
                              "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 "
                              "ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
                              "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 "
                              "us-ascii windows-1252 x-cp1252"},
    [CHARSET_WINDOWS_1253] = {"windows-1253", "cp1253 windows-1253 x-cp1253"},
    [CHARSET_WINDOWS_1254] = {"windows-1254",
                              "cp1254 csisolatin5 iso-8859-9 iso-ir-148 "
                              "iso8859-9 iso88599 iso_8859-9 "
                              "iso_8859-9:1989 l5 latin5 windows-1254 "
                              "x-cp1254"},
    [CHARSET_WINDOWS_1255] = {"windows-1255", "cp1255 windows-1255 x-cp1255"},
    [CHARSET_WINDOWS_1256] = {"windows-1256", "cp1256 windows-1256 x-cp1256"},
    [CHARSET_WINDOWS_1257] = {"windows-1257", "cp1257 windows-1257 x-cp1257"},
    [CHARSET_WINDOWS_1258] = {"windows-1258", "cp1258 windows-1258 x-cp1258"},
    [CHARSET_X_MAC_CYRILLIC] = {"x-mac-cyrillic",
                                "x-mac-cyrillic x-mac-ukrainian"},
    [CHARSET_GBK] = {"gbk", "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 "
                            "gb_2312-80 gbk iso-ir-58 x-gbk"},
    [CHARSET_GB18030] = {"gb18030", "gb18030"},
    [CHARSET_BIG5] = {"big5", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
    [CHARSET_EUC_JP] = {"euc-jp", "cseucpkdfmtjapanese euc-jp x-euc-jp"},
    [CHARSET_ISO_2022_JP] = {"iso-2022-jp", "csiso2022jp iso-2022-jp"},
    [CHARSET_SHIFT_JIS] = {"shift_jis",
                           "csshiftjis ms932 ms_kanji shift-jis shift_jis "
                           "sjis windows-31j x-sjis"},
    [CHARSET_EUC_KR] = {"euc-kr",
                        "cseuckr csksc56011987 euc-kr iso-ir-149 korean "
                        "ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
                        "windows-949"},
    [CHARSET_REPLACEMENT] = {"replacement",
                             "csiso2022kr hz-gb-2312 iso-2022-cn "
                             "iso-2022-cn-ext iso-2022-kr replacement"},
    [CHARSET_UTF_16BE] = {"utf-16be", "unicodefffe utf-16be"},
    [CHARSET_UTF_16LE] = {"utf-16le", "csunicode iso-10646-ucs-2 ucs-2 unicode "
                                      "unicodefeff utf-16 utf-16le"},
    [CHARSET_X_USER_DEFINED] = {"x-user-defined", "x-user-defined"},
};

const char *charset_name(enum charset charset)
{
    assert(charset < CHARSET_NR);
    return infos[charset].name;
}

/* `labels` is a list with a blank between two labels; this tells whether
 * `label` is one of them. */
static bool has_label(const char *labels, const char *label, size_t len)
{
    while (*labels) {
        size_t label_len = strcspn(labels, " ");

        if (label_len == len && strncasecmp(labels, label, len) == 0)
            return true;
        labels += label_len + (labels[label_len] == ' ');
    }
    return false;
}

/* The Infra standard's ASCII white space is the white space of HTML. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* A label is compared without the white space around it and without regard to
 * case (Encoding standard, 4.2). */
bool charset_find(const void *label, size_t len, enum charset *charset)
{
    const char *at = label, *end = at + len;

    while (at < end && is_space(*at))
        at++;
    while (end > at && is_space(end[-1]))
        end--;
    /* Nearly all labels are UTF-8, the last row of the table. */
    for (int i = CHARSET_NR; i-- > 0 && at < end;) {
        if (has_label(infos[i].labels, at, (size_t)(end - at))) {
            *charset = (enum charset)i;
            return true;
        }
    }
    return false;
}

/* A byte order mark decides before anything else does (Encoding standard, 6,
 * "BOM sniff"). */
bool charset_from_bom(const void *data, size_t len, enum charset *charset,
                      size_t *bom_len)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum charset charset;
    } marks[] = {
        {"\xef\xbb\xbf", 3, CHARSET_UTF_8},
        {"\xfe\xff", 2, CHARSET_UTF_16BE},
        {"\xff\xfe", 2, CHARSET_UTF_16LE},
    };

    *bom_len = 0;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (len >= marks[i].len &&
            memcmp(data, marks[i].bytes, marks[i].len) == 0) {
            *charset = marks[i].charset;
            *bom_len = marks[i].len;
            return true;
        }
    return false;
}

/* Returns the place behind the next ';' that stands outside of quotes, or
 * `end`. */
static const char *next_parameter(const char *at, const char *end)
{
    bool quoted = false;

    for (; at < end; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\\' && quoted && at + 1 < end)
            at++;
        else if (*at == ';' && !quoted)
            return at + 1;
    }
    return end;
}

/* Counts the bytes before `stop`, or all of them if it does not occur. */
static size_t length_to(const char *at, const char *end, char stop)
{
    const char *found = memchr(at, stop, (size_t)(end - at));

    return (size_t)((found ? found : end) - at);
}

/* Of two parameters with one name the first counts (MIME Sniffing standard,
 * 4.4). The type before them is not looked at, because servers write what they
 * like. */
bool charset_from_type(const char *type, size_t len, enum charset *charset)
{
    const char *end = type + len;

    for (const char *at = next_parameter(type, end), *next; at < end;
         at = next) {
        size_t value_len;

        next = next_parameter(at, end);
        while (at < next && is_space(*at))
            at++;
        if (next - at < 8 || strncasecmp(at, "charset=", 8) != 0)
            continue;
        at += 8;
        if (at < next && *at == '"') {
            at++;
            value_len = length_to(at, next, '"');
        } else {
            value_len = length_to(at, next, ';');
        }
        return charset_find(at, value_len, charset);
    }
    return false;
}
