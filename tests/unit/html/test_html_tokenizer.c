/*
 * Each row is a piece of HTML and the events that it gives, written so:
 * <a href='x' rel=''> for a start tag with its kept values, </a>, <a/>, and
 * text between. Every row is read whole, byte by byte, and cut in two at every
 * place: the events must be the same.
 */
#include "crawler/html/html_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "crawler/html/html_entity_table.h"

struct reader {
    struct html_tokenizer tokenizer;
    struct buf events;
};

static const char *const attribute_names[HTML_ATTRIBUTE_NR] = {
    "href", "rel",      "src",   "content", "name", "http-equiv",
    "lang", "encoding", "color", "face",    "size", "xlink:href"};

static void put(struct reader *reader, const void *data, size_t len)
{
    assert_int_equal(buf_add(&reader->events, data, len), CERR_OK);
}

static void put_text(struct reader *reader, const char *text)
{
    put(reader, text, strlen(text));
}

static void switch_model(struct reader *reader, const struct html_tag *tag)
{
    struct html_tokenizer *tokenizer = &reader->tokenizer;

    if (tag->element == HTML_TITLE)
        html_tokenizer_set_model(tokenizer, HTML_MODEL_RCDATA);
    else if (tag->element == HTML_STYLE)
        html_tokenizer_set_model(tokenizer, HTML_MODEL_RAWTEXT);
    else if (tag->element == HTML_SCRIPT)
        html_tokenizer_set_model(tokenizer, HTML_MODEL_SCRIPT);
    else if (tag->element == HTML_PLAINTEXT)
        html_tokenizer_set_model(tokenizer, HTML_MODEL_PLAINTEXT);
}

static void take_tag(void *ctx, const struct html_tag *tag)
{
    struct reader *reader = ctx;

    put_text(reader, tag->is_end ? "</" : "<");
    put(reader, tag->name,
        tag->name_len < HTML_NAME_BYTES ? tag->name_len : HTML_NAME_BYTES);
    for (size_t i = 0; i < HTML_ATTRIBUTE_NR; i++) {
        if (!tag->values[i].data)
            continue;
        put_text(reader, " ");
        put_text(reader, attribute_names[i]);
        put_text(reader, "='");
        put(reader, tag->values[i].data, tag->values[i].len);
        put_text(reader, tag->values[i].cut ? "'!" : "'");
    }
    put_text(reader, tag->self_closing ? "/>" : ">");
    if (!tag->is_end)
        switch_model(reader, tag);
}

static void take_text(void *ctx, const unsigned char *data, size_t len)
{
    put(ctx, data, len);
}

static int set_up(void **state)
{
    static struct reader reader;

    html_tokenizer_init(&reader.tokenizer, take_tag, take_text, &reader);
    buf_init(&reader.events, (size_t)1 << 22);
    *state = &reader;
    return 0;
}

static int tear_down(void **state)
{
    struct reader *reader = *state;

    html_tokenizer_release(&reader->tokenizer);
    buf_release(&reader->events);
    return 0;
}

enum mode { ALL, LINKS_ONLY, CDATA };

static void begin(struct reader *reader, enum mode mode)
{
    html_tokenizer_reset(&reader->tokenizer);
    buf_reset(&reader->events);
    reader->tokenizer.want_all = mode != LINKS_ONLY;
    reader->tokenizer.want_text = mode != LINKS_ONLY;
    reader->tokenizer.want_cdata = mode == CDATA;
}

/* Exactly as long as the piece, so that a sanitizer sees a read beyond. */
static void feed(struct reader *reader, const char *data, size_t len)
{
    char *copy = test_malloc(len + 1);

    memcpy(copy + 1, data, len);
    assert_int_equal(html_tokenizer_feed(&reader->tokenizer, copy + 1, len),
                     CERR_OK);
    test_free(copy);
}

static void end(struct reader *reader, const char *html, const char *expected,
                size_t expected_len)
{
    assert_int_equal(html_tokenizer_finish(&reader->tokenizer), CERR_OK);
    if (reader->events.len != expected_len ||
        (expected_len > 0 &&
         memcmp(reader->events.data, expected, expected_len) != 0))
        fail_msg("%s\n gives %.*s\n and not %s", html, (int)reader->events.len,
                 (char *)reader->events.data, expected);
}

static void check(struct reader *reader, enum mode mode, const char *html,
                  size_t len, const char *expected, size_t expected_len)
{
    for (size_t cut = 0; cut <= len; cut++) {
        begin(reader, mode);
        feed(reader, html, cut);
        feed(reader, html + cut, len - cut);
        end(reader, html, expected, expected_len);
    }
    begin(reader, mode);
    for (size_t i = 0; i < len; i++)
        feed(reader, html + i, 1);
    end(reader, html, expected, expected_len);
}

struct row {
    const char *html;
    const char *events;
};

static void check_rows(struct reader *reader, enum mode mode,
                       const struct row *rows, size_t nr)
{
    for (size_t i = 0; i < nr; i++)
        check(reader, mode, rows[i].html, strlen(rows[i].html), rows[i].events,
              strlen(rows[i].events));
}

#define CHECK(state, mode, rows)                                               \
    check_rows(*(state), mode, rows, sizeof(rows) / sizeof((rows)[0]))

static void tokenizer_reads_tags_and_attributes(void **state)
{
    static const struct row rows[] = {
        {"<a href=x>", "<a href='x'>"},
        {"<A HREF='x'>t</A>", "<a href='x'>t</a>"},
        {"<a\thref\n=\r\"x y\">", "<a href='x y'>"},
        {"<a href>", "<a href=''>"},
        {"<a href=>t", "<a href=''>t"},
        {"<a href=''rel=n>", "<a href='' rel='n'>"},
        {"<a href=x/>", "<a href='x/'>"},
        {"<a href=x />", "<a href='x'/>"},
        {"<a/href=x/ rel/>", "<a href='x/' rel=''/>"},
        {"<a / href=x>", "<a href='x'>"},
        {"<a href=1 href=2 HREF=3>", "<a href='1'>"},
        {"<a href href=2>", "<a href=''>"},
        {"<a =href=x>", "<a>"},
        {"<a ==>", "<a>"},
        {"<a \"href=x>", "<a>"},
        {"<a x'y href=x>", "<a href='x'>"},
        {"<a href=a\"b'c<d=e`f>", "<a href='a\"b'c<d=e`f'>"},
        {"<a href=\"'>\" rel='\">'>", "<a href=''>' rel='\">'>"},
        {"<ab href=x><p><div/><br />", "<ab><p><div/><br/>"},
        {"</a href=x></p/>", "</a></p/>"},
        {"<a hre=x hreff=y>", "<a>"},
        {"<averylongnamethatgoeson>", "<averylongnametha>"},
        {"<a\f>", "<a>"},
        {"<a\v>", "<a\v>"},
    };

    CHECK(state, ALL, rows);
}

static void tokenizer_reads_what_is_no_tag_as_text(void **state)
{
    static const struct row rows[] = {
        {"a < b <1 <= c", "a < b <1 <= c"},
        {"<", "<"},
        {"x</", "x</"},
        {"</>x", "x"},
        {"<a", ""},
        {"<a href=\"x", ""},
        {"<a href=x", ""},
        {"t<a ", "t"},
        {"a<?php <b>?>x", "a?>x"},
        {"</ b>x", "x"},
        {"</3>x", "x"},
        {"<!x><b>", "<b>"},
        {"<!>x", "x"},
        {"a<![CDATA[<b>]]>", "a]]>"},
    };

    CHECK(state, ALL, rows);
}

static void tokenizer_skips_comments_and_doctypes(void **state)
{
    static const struct row rows[] = {
        {"<!--<a>--><b>", "<b>"},
        {"<!--><b>", "<b>"},
        {"<!---><b>", "<b>"},
        {"<!----><b>", "<b>"},
        {"<!--!><b>-->", ""},
        {"<!---!><b>-->", ""},
        {"<!----!><b>", "<b>"},
        {"<!-- - -- --- > --!><b>", "<b>"},
        {"<!--a--!-><b>-->c", "c"},
        {"<!--a--!--><b>", "<b>"},
        {"<!--<!--><b>", "<b>"},
        {"<!--a--b--><b>", "<b>"},
        {"<!-<a>--><b>", "--><b>"},
        {"<!-- open <b>", ""},
        {"a&am<!-- -->p;", "a&amp;"},
        {"<!DOCTYPE html><b>", "<b>"},
        {"<!doctype html public \"a>b\"><b>", "b\"><b>"},
        {"<!docty<b>", ""},
    };

    CHECK(state, ALL, rows);
}

static void tokenizer_reads_cdata_only_where_told(void **state)
{
    static const struct row rows[] = {
        {"<![CDATA[<a>]]><b>", "<b>"}, {"<![CDATA[]]><b>", "<b>"},
        {"<![CDATA[]]]]><b>", "<b>"},  {"<![CDATA[]>]]><b>", "<b>"},
        {"<![CDAT[<a>", ""},           {"<![cdata[<a>", ""},
        {"<!--x--><b>", "<b>"},
    };

    CHECK(state, CDATA, rows);
}

static void tokenizer_reads_raw_text_to_the_fitting_end_tag(void **state)
{
    static const struct row rows[] = {
        {"<title>a<b>c</b>&amp;</title><b>", "<title>a<b>c</b>&</title><b>"},
        {"<title></titl></titlex></ title></TITLE >x",
         "<title></titl></titlex></ title></title>x"},
        {"<title></title/>x", "<title></title/>x"},
        {"<title>&am</title>p;", "<title>&am</title>p;"},
        {"<title>open </titl", "<title>open </titl"},
        {"<style><a></style ><a>", "<style></style><a>"},
        {"<style></script><a></style>", "<style></style>"},
        {"<plaintext></plaintext><a>", "<plaintext></plaintext><a>"},
    };

    CHECK(state, ALL, rows);
}

static void tokenizer_follows_the_escapes_of_scripts(void **state)
{
    static const struct row rows[] = {
        {"<script><a></script><b>", "<script></script><b>"},
        {"<script>'</scr' + '</script>x", "<script></script>x"},
        {"<script><!--</script>x", "<script></script>x"},
        {"<script><!--<script></script>--></script>x", "<script></script>x"},
        {"<script><!--<script></script></script>x", "<script></script>x"},
        {"<script><!--<script>--></script>x", "<script></script>x"},
        {"<script><!--<script ></script><a></script>x", "<script></script>x"},
        {"<script><!--<scriptx></script>x", "<script></script>x"},
        {"<script><!--><script></script>x", "<script></script>x"},
        {"<script><!---><script></script>x", "<script></script>x"},
        {"<script><!-<script></script>x", "<script></script>x"},
        {"<script><!--<SCRIPT/</SCRIPT/--></script>x", "<script></script>x"},
        {"<script><!--<script></scripty></script></script>x",
         "<script></script>x"},
        {"<script><!--<script>", "<script>"},
    };

    CHECK(state, ALL, rows);
}

static void tokenizer_replaces_references(void **state)
{
    static const struct row rows[] = {
        {"<a href='?a&amp;b&ampc&amp=d&copy'>",
         "<a href='?a&b&ampc&amp=d\xc2\xa9'>"},
        {"<a href=?a&notit;&not;&notin;>",
         "<a href='?a&notit;\xc2\xac\xe2\x88\x89'>"},
        {"&notit; &notin; &not &ampx", "\xc2\xacit; \xe2\x88\x89 \xc2\xac &x"},
        {"&#65;&#x41;&#X41;&#65&#x41", "AAAAA"},
        {"&#;&#x;&#xg;&;&x;", "&#;&#x;&#xg;&;&x;"},
        {"&#0;&#xd800;&#x110000;&#99999999999999999999;",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"&#128;&#x9f;&#x81;", "\xe2\x82\xac\xc5\xb8\xc2\x81"},
        {"&nGt;&bne;", "\xe2\x89\xab\xe2\x83\x92=\xe2\x83\xa5"},
        {"&CounterClockwiseContourIntegral;", "\xe2\x88\xb3"},
        {"a\rb\r\nc", "a\nb\nc"},
        {"&am<b>p;", "&am<b>p;"},
    };

    CHECK(state, ALL, rows);
}

static void tokenizer_keeps_nul_from_cutting_anything(void **state)
{
    static const char html[] = "a\0b<a\0 href=x><a href='x\0y' \0rel=z>"
                               "<title>\0</title><a href=\0><!--\0--><\0>";
    static const char events[] = "ab<a\0><a href='x\xef\xbf\xbdy'><title>"
                                 "\xef\xbf\xbd</title>"
                                 "<a href='\xef\xbf\xbd'><>";

    check(*state, ALL, html, sizeof(html) - 1, events, sizeof(events) - 1);
}

/* A value, and a run of text, as long as they like: the limits hold however
 * the input is cut. */
static void tokenizer_cuts_values_and_runs_at_their_limits(void **state)
{
    struct reader *reader = *state;
    static char html[HTML_VALUE_BYTES_MAX + 100];
    static const size_t steps[] = {1000, 65536, sizeof(html)};

    memset(html, 'v', sizeof(html));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        begin(reader, ALL);
        feed(reader, "<a href=\"", 9);
        for (size_t at = 0; at < sizeof(html); at += steps[i])
            feed(reader, html + at,
                 sizeof(html) - at < steps[i] ? sizeof(html) - at : steps[i]);
        feed(reader, "\" rel=n>", 8);
        assert_int_equal(reader->events.len,
                         strlen("<a href=''! rel='n'>") + HTML_VALUE_BYTES_MAX);
        buf_reset(&reader->events);
        for (size_t at = 0; at < sizeof(html); at += steps[i])
            feed(reader, html + at,
                 sizeof(html) - at < steps[i] ? sizeof(html) - at : steps[i]);
        assert_int_equal(html_tokenizer_finish(&reader->tokenizer), CERR_OK);
        assert_int_equal(reader->events.len, HTML_RUN_BYTES_MAX);
    }
}

static void stop_at_b(void *ctx, const struct html_tag *tag)
{
    struct reader *reader = ctx;

    take_tag(ctx, tag);
    reader->tokenizer.stop = tag->name[0] == 'b';
}

static void tokenizer_stops_when_told(void **state)
{
    struct reader *reader = *state;

    begin(reader, ALL);
    reader->tokenizer.on_tag = stop_at_b;
    feed(reader, "x<a>y<b>z<c>", 12);
    feed(reader, "<d>", 3);
    end(reader, "stop", "x<a>y<b>", 8);
}

static void tokenizer_reports_only_what_was_asked_for(void **state)
{
    static const struct row rows[] = {
        {"<p>x<a href=1>y</a><div class='<a>' id=\"b>\"><b x=y>",
         "<a href='1'></a>"},
        {"<p class=\"a\"\tid='b'><p a=b=\"c>d\"><a>", "<a>"},
        {"<p a= b=\"><a>\"><a href=2>", "<a><a href='2'>"},
        {"<p a\"b><a>", "<a>"},
        {"<p a='b\"'c=\"'>\"><a>", "<a>"},
        {"<p =\"><a>", "<a>"},
        {"<p a==\"><a>", "<a>"},
        {"<p a=b'c><a>", "<a>"},
        {"<p/a=\"><a href=1>\"><a>", "<a>"},
        {"<p a =\"><a href=1>\"><a>", "<a>"},
        {"<p a = \"><a href=1>\"><a>", "<a>"},
        {"</p a=\"><a href=1>\"><a>", "<a>"},
        {"<p a=\"><a>", ""},
    };

    CHECK(state, LINKS_ONLY, rows);
}

/* Every name of the standard's table, by its own script's table: that each is
 * found, alone and before a letter, and none is mistaken for a shorter one. */
static void tokenizer_knows_every_named_reference(void **state)
{
    struct reader *reader = *state;

    for (size_t i = 0; i < HTML_ENTITIES_NR; i++) {
        size_t at = html_entity_name_at[i];
        size_t len = html_entity_name_at[i + 1] - at;
        char html[64];

        begin(reader, ALL);
        snprintf(html, sizeof(html), "&%.*s", (int)len, html_entity_names + at);
        feed(reader, html, strlen(html));
        end(reader, html, html_entity_texts + html_entity_text_at[i] / 8,
            html_entity_text_at[i] % 8);
    }
}

#define with_reader(test)                                                      \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_reader(tokenizer_reads_tags_and_attributes),
        with_reader(tokenizer_reads_what_is_no_tag_as_text),
        with_reader(tokenizer_skips_comments_and_doctypes),
        with_reader(tokenizer_reads_cdata_only_where_told),
        with_reader(tokenizer_reads_raw_text_to_the_fitting_end_tag),
        with_reader(tokenizer_follows_the_escapes_of_scripts),
        with_reader(tokenizer_replaces_references),
        with_reader(tokenizer_keeps_nul_from_cutting_anything),
        with_reader(tokenizer_cuts_values_and_runs_at_their_limits),
        with_reader(tokenizer_stops_when_told),
        with_reader(tokenizer_reports_only_what_was_asked_for),
        with_reader(tokenizer_knows_every_named_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
