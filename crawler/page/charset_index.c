/*
 * DESIGN. The indexes of the Encoding standard (5) for the Chinese, Japanese
 * and Korean encodings have 83,000 characters, and glibc's converters know
 * nearly all of them. So an index is made when the first text needs it, by
 * asking the converter for one character after the other, and then set right
 * where glibc's tables differ from the standard's.
 */
#include "crawler/page/charset_index.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "crawler/page/charset_internal.h"

_Static_assert(CHARSET_INDEX_NR == CHARSET_INDEXES, "one place for each");

enum {
    JIS0212 = CHARSET_INDEX_JIS0212,
    BIG5 = CHARSET_INDEX_BIG5,
    GB18030 = CHARSET_INDEX_GB18030
};

/* clang-format off */

/* Where glibc 2.36 has other characters or none: `nr` pointers from `pointer`
 * are the characters from `code`, or none if that is 0. */
static const struct patch {
    uint8_t kind;
    uint16_t pointer, nr, code;
} patches[] = {
    {JIS0212, 128, 1, 0x00a6}, {JIS0212, 7790, 1046, 0x0000},
    {BIG5, 2082, 1, 0x7bb8}, {BIG5, 2088, 1, 0x7c06}, {BIG5, 2103, 1, 0x7cce},
    {BIG5, 2114, 1, 0x7dd2}, {BIG5, 2123, 1, 0x7e1d}, {BIG5, 2148, 1, 0x8005},
    {BIG5, 2151, 1, 0x8028}, {BIG5, 2221, 1, 0x83c1}, {BIG5, 2239, 1, 0x84a8},
    {BIG5, 2244, 1, 0x840f}, {BIG5, 2303, 1, 0x89a6}, {BIG5, 2304, 1, 0x89a9},
    {BIG5, 2354, 1, 0x8d77}, {BIG5, 2400, 1, 0x90fd}, {BIG5, 2413, 1, 0x92b9},
    {BIG5, 2477, 1, 0x975c}, {BIG5, 2498, 1, 0x97ff}, {BIG5, 2605, 1, 0x9f16},
    {BIG5, 2673, 1, 0x8503}, {BIG5, 2746, 1, 0x5159}, {BIG5, 2747, 1, 0x515b},
    {BIG5, 2748, 2, 0x515d}, {BIG5, 2771, 1, 0x936e}, {BIG5, 2780, 1, 0x7479},
    {BIG5, 2990, 1, 0x6d67}, {BIG5, 3087, 1, 0x799b}, {BIG5, 3259, 1, 0x9097},
    {BIG5, 3301, 1, 0x975d}, {BIG5, 3436, 1, 0x701e}, {BIG5, 3451, 1, 0x5b28},
    {BIG5, 4136, 1, 0x7201}, {BIG5, 4138, 1, 0x77d7}, {BIG5, 4141, 1, 0x7e87},
    {BIG5, 4182, 1, 0x99d6}, {BIG5, 4206, 1, 0x91d4}, {BIG5, 4220, 1, 0x60de},
    {BIG5, 4230, 1, 0x6fb6}, {BIG5, 4241, 1, 0x8f36}, {BIG5, 4258, 1, 0x4fbb},
    {BIG5, 4273, 1, 0x71df}, {BIG5, 4279, 1, 0x9104}, {BIG5, 4282, 1, 0x9df0},
    {BIG5, 4294, 1, 0x83cf}, {BIG5, 4329, 1, 0x5c10}, {BIG5, 4330, 1, 0x79e3},
    {BIG5, 4349, 1, 0x5a67}, {BIG5, 4419, 1, 0x8f0b}, {BIG5, 4422, 1, 0x7b51},
    {BIG5, 4494, 1, 0x62d0}, {BIG5, 4624, 1, 0x6062}, {BIG5, 4694, 1, 0x75f9},
    {BIG5, 4708, 1, 0x6c4a}, {BIG5, 4742, 1, 0x9b2e}, {BIG5, 4748, 1, 0x9f17},
    {BIG5, 4815, 1, 0x50ed}, {BIG5, 4828, 1, 0x5f0c}, {BIG5, 4902, 1, 0x880f},
    {BIG5, 4922, 1, 0x62ce}, {BIG5, 4982, 1, 0x7468}, {BIG5, 4992, 1, 0x7162},
    {BIG5, 4997, 1, 0x7250}, {BIG5, 5029, 1, 0x2027}, {BIG5, 5038, 1, 0xfe51},
    {BIG5, 5050, 1, 0x2574}, {BIG5, 5120, 1, 0x00af}, {BIG5, 5121, 1, 0xffe3},
    {BIG5, 5123, 1, 0x02cd}, {BIG5, 5153, 1, 0xff5e}, {BIG5, 5168, 1, 0x2295},
    {BIG5, 5169, 1, 0x2299}, {BIG5, 5180, 1, 0xff0f}, {BIG5, 5181, 1, 0xff3c},
    {BIG5, 5182, 1, 0x2215}, {BIG5, 5183, 1, 0xfe68}, {BIG5, 5185, 1, 0xffe5},
    {BIG5, 5187, 2, 0xffe0}, {BIG5, 5287, 1, 0x5341}, {BIG5, 5289, 1, 0x5345},
    {BIG5, 5432, 32, 0x2400}, {BIG5, 5464, 1, 0x2421}, {BIG5, 5465, 1, 0x20ac},
    {BIG5, 10942, 1, 0x5ef4}, {BIG5, 10946, 1, 0x65e0},
    {BIG5, 10948, 1, 0x7676}, {BIG5, 10950, 1, 0x96b6},
    {BIG5, 10957, 1, 0x3003}, {BIG5, 10958, 1, 0x4edd},
    {BIG5, 19028, 1, 0x5029}, {BIG5, 19035, 1, 0x507d},
    {BIG5, 19088, 1, 0x5305}, {BIG5, 19096, 1, 0x5344},
    {BIG5, 19112, 1, 0x537f}, {BIG5, 19162, 1, 0x5605},
    {BIG5, 19240, 1, 0x5a77}, {BIG5, 19299, 1, 0x5e75},
    {BIG5, 19305, 1, 0x5ed0}, {BIG5, 19326, 1, 0x5f58},
    {BIG5, 19355, 1, 0x60a4}, {BIG5, 19398, 1, 0x6490},
    {BIG5, 19439, 1, 0x6674}, {BIG5, 19454, 1, 0x675e},
    {BIG5, 19553, 1, 0x6c9c}, {BIG5, 19554, 1, 0x6e1d},
    {BIG5, 19557, 1, 0x6e2f}, {BIG5, 19611, 1, 0x716e},
    {BIG5, 19643, 1, 0x732a}, {BIG5, 19672, 1, 0x745c},
    {BIG5, 19697, 1, 0x74e9}, {BIG5, 19748, 1, 0x7809},
    {GB18030, 6555, 1, 0x3000}, {GB18030, 23767, 3, 0xe816},
    {GB18030, 23794, 1, 0xe831}, {GB18030, 23804, 1, 0xe83b},
    {GB18030, 23830, 1, 0xe855},
};

/* Where the runs of GB18030's four-byte characters begin (index-gb18030-ranges
 * of the standard). */
static const struct run {
    uint16_t pointer, code;
} runs[] = {
    {0, 0x0080}, {36, 0x00a5}, {38, 0x00a9}, {45, 0x00b2}, {50, 0x00b8},
    {81, 0x00d8}, {89, 0x00e2}, {95, 0x00eb}, {96, 0x00ee}, {100, 0x00f4},
    {103, 0x00f8}, {104, 0x00fb}, {105, 0x00fd}, {109, 0x0102}, {126, 0x0114},
    {133, 0x011c}, {148, 0x012c}, {172, 0x0145}, {175, 0x0149}, {179, 0x014e},
    {208, 0x016c}, {306, 0x01cf}, {307, 0x01d1}, {308, 0x01d3}, {309, 0x01d5},
    {310, 0x01d7}, {311, 0x01d9}, {312, 0x01db}, {313, 0x01dd}, {341, 0x01fa},
    {428, 0x0252}, {443, 0x0262}, {544, 0x02c8}, {545, 0x02cc}, {558, 0x02da},
    {741, 0x03a2}, {742, 0x03aa}, {749, 0x03c2}, {750, 0x03ca}, {805, 0x0402},
    {819, 0x0450}, {820, 0x0452}, {7457, 0xe7c7}, {7458, 0x1e40},
    {7922, 0x2011}, {7924, 0x2017}, {7925, 0x201a}, {7927, 0x201e},
    {7934, 0x2027}, {7943, 0x2031}, {7944, 0x2034}, {7945, 0x2036},
    {7950, 0x203c}, {8062, 0x20ad}, {8148, 0x2104}, {8149, 0x2106},
    {8152, 0x210a}, {8164, 0x2117}, {8174, 0x2122}, {8236, 0x216c},
    {8240, 0x217a}, {8262, 0x2194}, {8264, 0x219a}, {8374, 0x2209},
    {8380, 0x2210}, {8381, 0x2212}, {8384, 0x2216}, {8388, 0x221b},
    {8390, 0x2221}, {8392, 0x2224}, {8393, 0x2226}, {8394, 0x222c},
    {8396, 0x222f}, {8401, 0x2238}, {8406, 0x223e}, {8416, 0x2249},
    {8419, 0x224d}, {8424, 0x2253}, {8437, 0x2262}, {8439, 0x2268},
    {8445, 0x2270}, {8482, 0x2296}, {8485, 0x229a}, {8496, 0x22a6},
    {8521, 0x22c0}, {8603, 0x2313}, {8936, 0x246a}, {8946, 0x249c},
    {9046, 0x254c}, {9050, 0x2574}, {9063, 0x2590}, {9066, 0x2596},
    {9076, 0x25a2}, {9092, 0x25b4}, {9100, 0x25be}, {9108, 0x25c8},
    {9111, 0x25cc}, {9113, 0x25d0}, {9131, 0x25e6}, {9162, 0x2607},
    {9164, 0x260a}, {9218, 0x2641}, {9219, 0x2643}, {11329, 0x2e82},
    {11331, 0x2e85}, {11334, 0x2e89}, {11336, 0x2e8d}, {11346, 0x2e98},
    {11361, 0x2ea8}, {11363, 0x2eab}, {11366, 0x2eaf}, {11370, 0x2eb4},
    {11372, 0x2eb8}, {11375, 0x2ebc}, {11389, 0x2ecb}, {11682, 0x2ffc},
    {11686, 0x3004}, {11687, 0x3018}, {11692, 0x301f}, {11694, 0x302a},
    {11714, 0x303f}, {11716, 0x3094}, {11723, 0x309f}, {11725, 0x30f7},
    {11730, 0x30ff}, {11736, 0x312a}, {11982, 0x322a}, {11989, 0x3232},
    {12102, 0x32a4}, {12336, 0x3390}, {12348, 0x339f}, {12350, 0x33a2},
    {12384, 0x33c5}, {12393, 0x33cf}, {12395, 0x33d3}, {12397, 0x33d6},
    {12510, 0x3448}, {12553, 0x3474}, {12851, 0x359f}, {12962, 0x360f},
    {12973, 0x361b}, {13738, 0x3919}, {13823, 0x396f}, {13919, 0x39d1},
    {13933, 0x39e0}, {14080, 0x3a74}, {14298, 0x3b4f}, {14585, 0x3c6f},
    {14698, 0x3ce1}, {15583, 0x4057}, {15847, 0x4160}, {16318, 0x4338},
    {16434, 0x43ad}, {16438, 0x43b2}, {16481, 0x43de}, {16729, 0x44d7},
    {17102, 0x464d}, {17122, 0x4662}, {17315, 0x4724}, {17320, 0x472a},
    {17402, 0x477d}, {17418, 0x478e}, {17859, 0x4948}, {17909, 0x497b},
    {17911, 0x497e}, {17915, 0x4984}, {17916, 0x4987}, {17936, 0x499c},
    {17939, 0x49a0}, {17961, 0x49b8}, {18664, 0x4c78}, {18703, 0x4ca4},
    {18814, 0x4d1a}, {18962, 0x4daf}, {19043, 0x9fa6}, {33469, 0xe76c},
    {33470, 0xe7c8}, {33471, 0xe7e7}, {33484, 0xe815}, {33485, 0xe819},
    {33490, 0xe81f}, {33497, 0xe827}, {33501, 0xe82d}, {33505, 0xe833},
    {33513, 0xe83c}, {33520, 0xe844}, {33536, 0xe856}, {33550, 0xe865},
    {37845, 0xf92d}, {37921, 0xf97a}, {37948, 0xf996}, {38029, 0xf9e8},
    {38038, 0xf9f2}, {38064, 0xfa10}, {38065, 0xfa12}, {38066, 0xfa15},
    {38069, 0xfa19}, {38075, 0xfa22}, {38076, 0xfa25}, {38078, 0xfa2a},
    {39108, 0xfe32}, {39109, 0xfe45}, {39113, 0xfe53}, {39114, 0xfe58},
    {39115, 0xfe67}, {39116, 0xfe6c}, {39265, 0xff5f}, {39394, 0xffe6},
};
/* clang-format on */

#define NR_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes of the character that a pointer names. */
typedef size_t (*spell_fn)(unsigned pointer, unsigned char *out);

static size_t spell_jis0208(unsigned pointer, unsigned char *out)
{
    unsigned lead = pointer / 188, trail = pointer % 188;

    out[0] = (unsigned char)(lead + (lead < 0x1f ? 0x81 : 0xc1));
    out[1] = (unsigned char)(trail + (trail < 0x3f ? 0x40 : 0x41));
    return 2;
}

static size_t spell_jis0212(unsigned pointer, unsigned char *out)
{
    out[0] = 0x8f;
    out[1] = (unsigned char)(0xa1 + pointer / 94);
    out[2] = (unsigned char)(0xa1 + pointer % 94);
    return 3;
}

static size_t spell_big5(unsigned pointer, unsigned char *out)
{
    unsigned trail = pointer % 157;

    out[0] = (unsigned char)(0x81 + pointer / 157);
    out[1] = (unsigned char)(trail + (trail < 0x3f ? 0x40 : 0x62));
    return 2;
}

static size_t spell_euc_kr(unsigned pointer, unsigned char *out)
{
    out[0] = (unsigned char)(0x81 + pointer / 190);
    out[1] = (unsigned char)(0x41 + pointer % 190);
    return 2;
}

static size_t spell_gb18030(unsigned pointer, unsigned char *out)
{
    unsigned trail = pointer % 190;

    out[0] = (unsigned char)(0x81 + pointer / 190);
    out[1] = (unsigned char)(trail + (trail < 0x3f ? 0x40 : 0x41));
    return 2;
}

static const struct {
    const char *iconv_name;
    spell_fn spell;
    unsigned nr;
} kinds[CHARSET_INDEX_NR] = {
    [CHARSET_INDEX_JIS0208] = {"CP932",      spell_jis0208, 11104},
    [CHARSET_INDEX_JIS0212] = {"EUC-JP-MS",  spell_jis0212, 8836 },
    [CHARSET_INDEX_BIG5] = {"BIG5-HKSCS", spell_big5,    19782},
    [CHARSET_INDEX_EUC_KR] = {"CP949",      spell_euc_kr,  23940},
    [CHARSET_INDEX_GB18030] = {"GB18030",    spell_gb18030, 23940},
};

/* The one character that the bytes are, or 0. */
static uint32_t ask(iconv_t converter, unsigned char *bytes, size_t len)
{
    unsigned char out[16];
    char *from = (char *)bytes, *to = (char *)out;
    size_t room = sizeof(out);

    if (iconv(converter, &from, &len, &to, &room) == (size_t)-1 ||
        iconv(converter, NULL, NULL, &to, &room) == (size_t)-1 ||
        room != sizeof(out) - 4) {
        iconv(converter, NULL, NULL, NULL, NULL);
        return 0;
    }
    return out[0] | (uint32_t)out[1] << 8 | (uint32_t)out[2] << 16;
}

static void apply_patches(struct charset_index *index, unsigned kind)
{
    for (size_t i = 0; i < NR_OF(patches); i++) {
        const struct patch *patch = &patches[i];

        for (unsigned j = 0; j < patch->nr && patch->kind == kind; j++)
            index->codes[patch->pointer + j] =
                patch->code ? patch->code + j : 0;
    }
}

struct charset_index *charset_index_new(enum charset_index_kind kind)
{
    unsigned nr = kinds[kind].nr;
    struct charset_index *index =
        calloc(1, sizeof(*index) + nr * sizeof(index->codes[0]));
    iconv_t converter =
        charset_open_converter("UCS-4LE", kinds[kind].iconv_name);

    if (!index || (converter == NO_ICONV && errno != EINVAL)) {
        if (converter != NO_ICONV)
            iconv_close(converter);
        free(index);
        return NULL;
    }
    index->nr = nr;
    if (converter == NO_ICONV)
        return index;
    for (unsigned i = 0; i < nr; i++) {
        unsigned char bytes[3];
        size_t len = kinds[kind].spell(i, bytes);

        index->codes[i] = ask(converter, bytes, len);
    }
    iconv_close(converter);
    apply_patches(index, kind);
    return index;
}

uint32_t charset_gb18030_ranges(uint32_t pointer)
{
    size_t at = NR_OF(runs) - 1;

    if ((pointer > 39419 && pointer < 189000) || pointer > 1237575)
        return 0;
    if (pointer == 7457)
        return 0xe7c7;
    if (pointer >= 189000)
        return 0x10000 + (pointer - 189000);
    while (runs[at].pointer > pointer)
        at--;
    return runs[at].code + (pointer - runs[at].pointer);
}
