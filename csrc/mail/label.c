/*
** label.c - names of charsets: what they stand for is the table of the WHATWG
** Encoding Standard (4.2), so iso-8859-1 is windows-1252, gb2312 is gb18030.
** Beside it: utf-7, the mail charsets that the Web gave up (hz, iso-2022-kr,
** iso-2022-cn), and a few code page numbers.
*/
#include "../base/ascii.h"
#include "label.h"

enum {
  X_UTF8, X_IBM866, X_L2, X_L3, X_L4, X_CYR, X_ARA, X_GRE, X_HEB, X_L6, X_L7,
  X_L8, X_L9, X_L10, X_KOI8R, X_KOI8U, X_MAC, X_W874, X_W1250, X_W1251,
  X_W1252, X_W1253, X_W1254, X_W1255, X_W1256, X_W1257, X_W1258, X_MACCYR,
  X_GB, X_BIG5, X_EUCJP, X_JIS, X_SJIS, X_KR, X_JISKR, X_JISCN, X_HZ, X_U16BE,
  X_U16LE, X_USER, X_UTF7
};

static const pop3_charset charsets[] = {   /* in the order of the enum */
  {"UTF-8", POP3_CS_UTF8}, {"IBM866", POP3_CS_SINGLE},
  {"ISO-8859-2", POP3_CS_SINGLE}, {"ISO-8859-3", POP3_CS_SINGLE},
  {"ISO-8859-4", POP3_CS_SINGLE}, {"ISO-8859-5", POP3_CS_SINGLE},
  {"ISO-8859-6", POP3_CS_SINGLE}, {"ISO-8859-7", POP3_CS_SINGLE},
  {"ISO-8859-8", POP3_CS_SINGLE}, {"ISO-8859-10", POP3_CS_SINGLE},
  {"ISO-8859-13", POP3_CS_SINGLE}, {"ISO-8859-14", POP3_CS_SINGLE},
  {"ISO-8859-15", POP3_CS_SINGLE}, {"ISO-8859-16", POP3_CS_SINGLE},
  {"KOI8-R", POP3_CS_SINGLE}, {"KOI8-U", POP3_CS_SINGLE},
  {"MACINTOSH", POP3_CS_SINGLE}, {"CP874", POP3_CS_SINGLE},
  {"CP1250", POP3_CS_SINGLE}, {"CP1251", POP3_CS_SINGLE},
  {"CP1252", POP3_CS_1252}, {"CP1253", POP3_CS_SINGLE},
  {"CP1254", POP3_CS_SINGLE}, {"CP1255", POP3_CS_SINGLE},
  {"CP1256", POP3_CS_SINGLE}, {"CP1257", POP3_CS_SINGLE},
  {"CP1258", POP3_CS_SINGLE}, {"MAC-UK", POP3_CS_SINGLE},
  {"GB18030", POP3_CS_GB18030}, {"BIG5-HKSCS", POP3_CS_DOUBLE},
  {"EUC-JP-MS", POP3_CS_EUCJP}, {"EUC-JP-MS", POP3_CS_2022JP},
  {"CP932", POP3_CS_SJIS}, {"CP949", POP3_CS_DOUBLE},
  {"ISO-2022-KR", POP3_CS_2022}, {"ISO-2022-CN-EXT", POP3_CS_2022},
  {"GB18030", POP3_CS_HZ}, {"UTF-16BE", POP3_CS_UTF16BE},
  {"UTF-16LE", POP3_CS_UTF16LE}, {"x-user-defined", POP3_CS_USER},
  {"UTF-7", POP3_CS_UTF7}
};

typedef struct label {
  const char *name;
  unsigned char charset;
} label;

static const label labels[] = {   /* sorted: they are searched by halves */
  {"866", X_IBM866}, {"ansi_x3.4-1968", X_W1252}, {"arabic", X_ARA},
  {"ascii", X_W1252}, {"asmo-708", X_ARA}, {"big5", X_BIG5},
  {"big5-hkscs", X_BIG5}, {"chinese", X_GB}, {"cn-big5", X_BIG5},
  {"cp1250", X_W1250}, {"cp1251", X_W1251}, {"cp1252", X_W1252},
  {"cp1253", X_W1253}, {"cp1254", X_W1254}, {"cp1255", X_W1255},
  {"cp1256", X_W1256}, {"cp1257", X_W1257}, {"cp1258", X_W1258},
  {"cp819", X_W1252}, {"cp866", X_IBM866}, {"cp932", X_SJIS}, {"cp936", X_GB},
  {"cp949", X_KR}, {"cp950", X_BIG5}, {"csbig5", X_BIG5}, {"cseuckr", X_KR},
  {"cseucpkdfmtjapanese", X_EUCJP}, {"csgb2312", X_GB},
  {"csibm866", X_IBM866}, {"csiso2022jp", X_JIS}, {"csiso2022kr", X_JISKR},
  {"csiso58gb231280", X_GB}, {"csiso88596e", X_ARA}, {"csiso88596i", X_ARA},
  {"csiso88598e", X_HEB}, {"csiso88598i", X_HEB}, {"csisolatin1", X_W1252},
  {"csisolatin2", X_L2}, {"csisolatin3", X_L3}, {"csisolatin4", X_L4},
  {"csisolatin5", X_W1254}, {"csisolatin6", X_L6}, {"csisolatin9", X_L9},
  {"csisolatinarabic", X_ARA}, {"csisolatincyrillic", X_CYR},
  {"csisolatingreek", X_GRE}, {"csisolatinhebrew", X_HEB},
  {"cskoi8r", X_KOI8R}, {"csksc56011987", X_KR}, {"csmacintosh", X_MAC},
  {"csshiftjis", X_SJIS}, {"csunicode", X_U16LE}, {"csunicode11utf7", X_UTF7},
  {"csutf7", X_UTF7}, {"cyrillic", X_CYR}, {"dos-874", X_W874},
  {"ecma-114", X_ARA}, {"ecma-118", X_GRE}, {"elot_928", X_GRE},
  {"euc-jp", X_EUCJP}, {"euc-kr", X_KR}, {"gb18030", X_GB}, {"gb2312", X_GB},
  {"gb_2312", X_GB}, {"gb_2312-80", X_GB}, {"gbk", X_GB}, {"greek", X_GRE},
  {"greek8", X_GRE}, {"hebrew", X_HEB}, {"hz-gb-2312", X_HZ},
  {"ibm819", X_W1252}, {"ibm866", X_IBM866}, {"iso-10646-ucs-2", X_U16LE},
  {"iso-2022-cn", X_JISCN}, {"iso-2022-cn-ext", X_JISCN},
  {"iso-2022-jp", X_JIS}, {"iso-2022-kr", X_JISKR}, {"iso-8859-1", X_W1252},
  {"iso-8859-10", X_L6}, {"iso-8859-11", X_W874}, {"iso-8859-13", X_L7},
  {"iso-8859-14", X_L8}, {"iso-8859-15", X_L9}, {"iso-8859-16", X_L10},
  {"iso-8859-2", X_L2}, {"iso-8859-3", X_L3}, {"iso-8859-4", X_L4},
  {"iso-8859-5", X_CYR}, {"iso-8859-6", X_ARA}, {"iso-8859-6-e", X_ARA},
  {"iso-8859-6-i", X_ARA}, {"iso-8859-7", X_GRE}, {"iso-8859-8", X_HEB},
  {"iso-8859-8-e", X_HEB}, {"iso-8859-8-i", X_HEB}, {"iso-8859-9", X_W1254},
  {"iso-ir-100", X_W1252}, {"iso-ir-101", X_L2}, {"iso-ir-109", X_L3},
  {"iso-ir-110", X_L4}, {"iso-ir-126", X_GRE}, {"iso-ir-127", X_ARA},
  {"iso-ir-138", X_HEB}, {"iso-ir-144", X_CYR}, {"iso-ir-148", X_W1254},
  {"iso-ir-149", X_KR}, {"iso-ir-157", X_L6}, {"iso-ir-58", X_GB},
  {"iso8859-1", X_W1252}, {"iso8859-10", X_L6}, {"iso8859-11", X_W874},
  {"iso8859-13", X_L7}, {"iso8859-14", X_L8}, {"iso8859-15", X_L9},
  {"iso8859-2", X_L2}, {"iso8859-3", X_L3}, {"iso8859-4", X_L4},
  {"iso8859-5", X_CYR}, {"iso8859-6", X_ARA}, {"iso8859-7", X_GRE},
  {"iso8859-8", X_HEB}, {"iso8859-9", X_W1254}, {"iso88591", X_W1252},
  {"iso885910", X_L6}, {"iso885911", X_W874}, {"iso885913", X_L7},
  {"iso885914", X_L8}, {"iso885915", X_L9}, {"iso88592", X_L2},
  {"iso88593", X_L3}, {"iso88594", X_L4}, {"iso88595", X_CYR},
  {"iso88596", X_ARA}, {"iso88597", X_GRE}, {"iso88598", X_HEB},
  {"iso88599", X_W1254}, {"iso_8859-1", X_W1252}, {"iso_8859-15", X_L9},
  {"iso_8859-1:1987", X_W1252}, {"iso_8859-2", X_L2},
  {"iso_8859-2:1987", X_L2}, {"iso_8859-3", X_L3}, {"iso_8859-3:1988", X_L3},
  {"iso_8859-4", X_L4}, {"iso_8859-4:1988", X_L4}, {"iso_8859-5", X_CYR},
  {"iso_8859-5:1988", X_CYR}, {"iso_8859-6", X_ARA},
  {"iso_8859-6:1987", X_ARA}, {"iso_8859-7", X_GRE},
  {"iso_8859-7:1987", X_GRE}, {"iso_8859-8", X_HEB},
  {"iso_8859-8:1988", X_HEB}, {"iso_8859-9", X_W1254},
  {"iso_8859-9:1989", X_W1254}, {"koi", X_KOI8R}, {"koi8", X_KOI8R},
  {"koi8-r", X_KOI8R}, {"koi8-ru", X_KOI8U}, {"koi8-u", X_KOI8U},
  {"koi8_r", X_KOI8R}, {"korean", X_KR}, {"ks_c_5601-1987", X_KR},
  {"ks_c_5601-1989", X_KR}, {"ksc5601", X_KR}, {"ksc_5601", X_KR},
  {"l1", X_W1252}, {"l2", X_L2}, {"l3", X_L3}, {"l4", X_L4}, {"l5", X_W1254},
  {"l6", X_L6}, {"l9", X_L9}, {"latin1", X_W1252}, {"latin2", X_L2},
  {"latin3", X_L3}, {"latin4", X_L4}, {"latin5", X_W1254}, {"latin6", X_L6},
  {"logical", X_HEB}, {"mac", X_MAC}, {"macintosh", X_MAC}, {"ms932", X_SJIS},
  {"ms_kanji", X_SJIS}, {"shift-jis", X_SJIS}, {"shift_jis", X_SJIS},
  {"sjis", X_SJIS}, {"sun_eu_greek", X_GRE}, {"tis-620", X_W874},
  {"ucs-2", X_U16LE}, {"unicode", X_U16LE}, {"unicode-1-1-utf-7", X_UTF7},
  {"unicode-1-1-utf-8", X_UTF8}, {"unicode11utf8", X_UTF8},
  {"unicode20utf8", X_UTF8}, {"unicodefeff", X_U16LE},
  {"unicodefffe", X_U16BE}, {"us-ascii", X_W1252}, {"utf-16", X_U16LE},
  {"utf-16be", X_U16BE}, {"utf-16le", X_U16LE}, {"utf-7", X_UTF7},
  {"utf-8", X_UTF8}, {"utf7", X_UTF7}, {"utf8", X_UTF8}, {"visual", X_HEB},
  {"windows-1250", X_W1250}, {"windows-1251", X_W1251},
  {"windows-1252", X_W1252}, {"windows-1253", X_W1253},
  {"windows-1254", X_W1254}, {"windows-1255", X_W1255},
  {"windows-1256", X_W1256}, {"windows-1257", X_W1257},
  {"windows-1258", X_W1258}, {"windows-31j", X_SJIS}, {"windows-874", X_W874},
  {"windows-949", X_KR}, {"x-cp1250", X_W1250}, {"x-cp1251", X_W1251},
  {"x-cp1252", X_W1252}, {"x-cp1253", X_W1253}, {"x-cp1254", X_W1254},
  {"x-cp1255", X_W1255}, {"x-cp1256", X_W1256}, {"x-cp1257", X_W1257},
  {"x-cp1258", X_W1258}, {"x-euc-jp", X_EUCJP}, {"x-gbk", X_GB},
  {"x-mac-cyrillic", X_MACCYR}, {"x-mac-roman", X_MAC},
  {"x-mac-ukrainian", X_MACCYR}, {"x-sjis", X_SJIS},
  {"x-unicode20utf8", X_UTF8}, {"x-user-defined", X_USER},
  {"x-x-big5", X_BIG5}
};

/* Order of 's' in any case and the lower-case 'name'. */
static int compare (pop3_span s, const char *name) {
  size_t i;
  for (i = 0; i < s.n; i++) {
    int c = (unsigned char)pop3_lower(s.p[i]);
    int d = (unsigned char)name[i];
    if (d == 0) return 1;
    if (c != d) return c < d ? -1 : 1;
  }
  return name[i] == '\0' ? 0 : -1;
}

const pop3_charset *pop3_charset_find (pop3_span s) {
  size_t lo = 0, hi = sizeof labels / sizeof labels[0];
  s = pop3_trim(s);
  if (pop3_is(s, "utf-8")) return &charsets[X_UTF8];
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    int c = compare(s, labels[mid].name);
    if (c == 0) return &charsets[labels[mid].charset];
    if (c < 0) hi = mid;
    else lo = mid + 1;
  }
  return NULL;
}
