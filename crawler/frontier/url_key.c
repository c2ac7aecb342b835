/* Reads and keys URLs, see url_key.h. The URL standard's own words for what is
 * wrong become the errors of rows. */
#include "crawler/frontier/url_key.h"

struct url_key url_key_of(const struct hash_key *hash_key,
                          struct bytes host_key, struct bytes url)
{
    return (struct url_key){
        .host_id = (int64_t)hash_sip(hash_key, host_key.data, host_key.len),
        .url_hash = (int64_t)hash_sip(hash_key, url.data, url.len),
    };
}

static enum error error_of(enum url_error error)
{
    switch (error) {
    case URL_OK:
        return ERROR_NONE;
    case URL_BAD_SCHEME:
        return ERROR_BLOCKED_SCHEME;
    case URL_TOO_LONG:
        return ERROR_TOO_LONG;
    case URL_BAD:
        break;
    }
    return ERROR_BAD_URL;
}

enum error url_key_canonical(struct url *url, struct url *room,
                             struct bytes text)
{
    enum url_error error = url_parse(room, text.data, text.len, NULL);

    if (error != URL_OK)
        return error_of(error);
    url_canonical(url, room);
    return url->port_given && url_port_is_bad(url->port) ? ERROR_BAD_PORT
                                                         : ERROR_NONE;
}

enum error url_reader_key(struct url_reader *reader, struct keyed_url *url)
{
    url->host_key.data = reader->host_key;
    url->host_key.len =
        url_host_key(&reader->url, reader->host_key, sizeof(reader->host_key));
    if (url->host_key.len == 0)
        return ERROR_BAD_URL;
    url->url = (struct bytes){reader->url.text, reader->url.len};
    url->key = url_key_of(reader->hash_key, url->host_key, url->url);
    return ERROR_NONE;
}

enum error url_reader_read(struct url_reader *reader, struct bytes text,
                           struct keyed_url *url)
{
    enum error error = url_key_canonical(&reader->url, &reader->room, text);

    return error ? error : url_reader_key(reader, url);
}
