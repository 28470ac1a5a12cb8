/*
** label.c - names of charsets.
**
** The names and their meaning are those of the WHATWG Encoding Standard
** (4.2): iso-8859-1 is windows-1252, gb2312 is gb18030. Mail has more: utf-7,
** the charsets that the Web dropped (hz, iso-2022-kr, iso-2022-cn), the code
** pages of DOS, and misspelt names. A misspelt name is accepted if it can
** mean one charset only.
*/
#include <string.h>

#include "../base/ascii.h"
#include "label.h"

enum {
  X_UTF8, X_IBM866, X_L2, X_L3, X_L4, X_CYR, X_ARA, X_GRE, X_HEB, X_L6, X_L7,
  X_L8, X_L9, X_L10, X_KOI8R, X_KOI8U, X_MAC, X_W874, X_W1250, X_W1251,
  X_W1252, X_W1253, X_W1254, X_W1255, X_W1256, X_W1257, X_W1258, X_MACCYR,
  X_GB, X_BIG5, X_EUCJP, X_JIS, X_SJIS, X_KR, X_JISKR, X_JISCN, X_HZ, X_U16BE,
  X_U16LE, X_USER, X_UTF7, X_ASCII, X_RAW, X_U32, X_U32BE, X_U32LE, X_437,
  X_737, X_775, X_850, X_852, X_855, X_857, X_858, X_860, X_861, X_862, X_863,
  X_864, X_865, X_869, X_1125, X_VISCII, X_TCVN, X_JOHAB, X_EUCTW, X_MACCE,
  X_KOI8T, X_HPROMAN, X_ARMSCII, X_GEORGIAN, X_PT154, X_037, X_500, X_1047,
  X_NONE
};

/*
** Names for iconv, in the order of the enum; where C libraries differ, the
** names to try, from the best to the last (glibc, GNU libiconv, musl).
*/
static const pop3_charset charsets[] = {
  {"UTF-8", POP3_CS_UTF8}, {"IBM866|CP866", POP3_CS_SINGLE},
  {"ISO-8859-2", POP3_CS_SINGLE}, {"ISO-8859-3", POP3_CS_SINGLE},
  {"ISO-8859-4", POP3_CS_SINGLE}, {"ISO-8859-5", POP3_CS_SINGLE},
  {"ISO-8859-6", POP3_CS_SINGLE}, {"ISO-8859-7", POP3_CS_SINGLE},
  {"ISO-8859-8", POP3_CS_SINGLE}, {"ISO-8859-10", POP3_CS_SINGLE},
  {"ISO-8859-13", POP3_CS_SINGLE}, {"ISO-8859-14", POP3_CS_SINGLE},
  {"ISO-8859-15", POP3_CS_SINGLE}, {"ISO-8859-16", POP3_CS_SINGLE},
  {"KOI8-R", POP3_CS_SINGLE}, {"KOI8-U", POP3_CS_SINGLE},
  {"MACINTOSH|MACROMAN", POP3_CS_SINGLE},
  {"CP874|WINDOWS-874|TIS-620", POP3_CS_SINGLE},
  {"CP1250|WINDOWS-1250", POP3_CS_SINGLE},
  {"CP1251|WINDOWS-1251", POP3_CS_SINGLE}, {"CP1252", POP3_CS_1252},
  {"CP1253|WINDOWS-1253", POP3_CS_SINGLE},
  {"CP1254|WINDOWS-1254", POP3_CS_SINGLE},
  {"CP1255|WINDOWS-1255", POP3_CS_SINGLE},
  {"CP1256|WINDOWS-1256", POP3_CS_SINGLE},
  {"CP1257|WINDOWS-1257", POP3_CS_SINGLE},
  {"CP1258|WINDOWS-1258", POP3_CS_SINGLE},
  {"MAC-UK|MACUKRAINE|MACCYRILLIC", POP3_CS_SINGLE},
  {"GB18030", POP3_CS_GB18030}, {"BIG5-HKSCS|BIG5HKSCS|BIG5", POP3_CS_DOUBLE},
  {"EUC-JP-MS|EUC-JP", POP3_CS_EUCJP}, {"EUC-JP-MS|EUC-JP", POP3_CS_2022JP},
  {"CP932|SHIFT_JIS", POP3_CS_SJIS},
  {"CP949|UHC|EUC-KR", POP3_CS_EUCKR}, {"ISO-2022-KR", POP3_CS_2022},
  {"ISO-2022-CN-EXT|ISO-2022-CN", POP3_CS_2022}, {"GB18030", POP3_CS_HZ},
  {"UTF-16BE", POP3_CS_UTF16BE}, {"UTF-16LE", POP3_CS_UTF16LE},
  {"x-user-defined", POP3_CS_USER}, {"UTF-7", POP3_CS_UTF7},
  {"US-ASCII", POP3_CS_ASCII}, {"unknown-8bit", POP3_CS_GUESS},
  {"UTF-32", POP3_CS_UTF32}, {"UTF-32BE", POP3_CS_UTF32BE},
  {"UTF-32LE", POP3_CS_UTF32LE}, {"IBM437|CP437", POP3_CS_SINGLE},
  {"CP737", POP3_CS_SINGLE}, {"CP775", POP3_CS_SINGLE},
  {"IBM850|CP850", POP3_CS_SINGLE}, {"IBM852|CP852", POP3_CS_SINGLE},
  {"IBM855|CP855", POP3_CS_SINGLE}, {"IBM857|CP857", POP3_CS_SINGLE},
  {"CP858|IBM858|IBM850|CP850", POP3_CS_SINGLE},
  {"IBM860|CP860", POP3_CS_SINGLE}, {"IBM861|CP861", POP3_CS_SINGLE},
  {"IBM862|CP862", POP3_CS_SINGLE}, {"IBM863|CP863", POP3_CS_SINGLE},
  {"IBM864|CP864", POP3_CS_SINGLE}, {"IBM865|CP865", POP3_CS_SINGLE},
  {"IBM869|CP869", POP3_CS_SINGLE}, {"CP1125", POP3_CS_SINGLE},
  {"VISCII", POP3_CS_SINGLE}, {"TCVN|TCVN5712-1", POP3_CS_SINGLE},
  {"JOHAB", POP3_CS_DOUBLE}, {"EUC-TW", POP3_CS_DOUBLE},
  {"MAC-CENTRALEUROPE|MACCENTRALEUROPE", POP3_CS_SINGLE},
  {"KOI8-T", POP3_CS_SINGLE}, {"HP-ROMAN8", POP3_CS_SINGLE},
  {"ARMSCII-8", POP3_CS_SINGLE}, {"GEORGIAN-PS", POP3_CS_SINGLE},
  {"PT154", POP3_CS_SINGLE}, {"IBM037|CP037", POP3_CS_EBCDIC},
  {"IBM500|CP500", POP3_CS_EBCDIC}, {"IBM1047|CP1047", POP3_CS_EBCDIC}
};

typedef char every_charset_has_a_row[
  sizeof charsets / sizeof charsets[0] == X_NONE ? 1 : -1];

typedef struct label {
  const char *name;
  unsigned char charset;
} label;

static const label labels[] = {   /* sorted, for binary search */
  {"866", X_IBM866}, {"ansi_x3.4-1968", X_ASCII}, {"arabic", X_ARA},
  {"ascii", X_ASCII}, {"asmo-708", X_ARA}, {"big5", X_BIG5},
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
  {"unicodefffe", X_U16BE}, {"us-ascii", X_ASCII}, {"utf-16", X_U16LE},
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

/*
** Names that are neither in the table above nor a code page, in the form of
** 'squeeze'.
*/
static const label aliases[] = {
  {"armscii8", X_ARMSCII}, {"big5eten", X_BIG5}, {"big5hkscs2004", X_BIG5},
  {"big52003", X_BIG5}, {"cngb", X_GB}, {"ebcdiccpus", X_037},
  {"euccn", X_GB}, {"eucjpms", X_EUCJP}, {"eucjpopen", X_EUCJP},
  {"eucjpwin", X_EUCJP}, {"euctw", X_EUCTW},
  {"georgianps", X_GEORGIAN}, {"hproman8", X_HPROMAN}, {"hz", X_HZ},
  {"iso10646ucs4", X_U32}, {"iso2022jp1", X_JIS}, {"iso2022jp2", X_JIS},
  {"iso2022jp3", X_JIS}, {"iso2022jpms", X_JIS}, {"iso646us", X_ASCII},
  {"isolatin1", X_W1252}, {"isolatin2", X_L2}, {"isolatin9", X_L9},
  {"johab", X_JOHAB}, {"koi8t", X_KOI8T}, {"ksc", X_KR}, {"latin10", X_L10},
  {"latin7", X_L7}, {"latin8", X_L8}, {"latin9", X_L9},
  {"macce", X_MACCE}, {"maccentraleurope", X_MACCE},
  {"maccentraleurroman", X_MACCE}, {"maccyrillic", X_MACCYR},
  {"macroman", X_MAC}, {"ptcp154", X_PT154},
  {"pt154", X_PT154}, {"sjisopen", X_SJIS}, {"sjiswin", X_SJIS},
  {"tcvn", X_TCVN}, {"tcvn5712", X_TCVN},
  {"tcvn57121", X_TCVN}, {"uhc", X_KR}, {"ucs4", X_U32}, {"ujis", X_EUCJP},
  {"unknown8bit", X_RAW}, {"usascii7", X_ASCII},
  {"utf16be", X_U16BE}, {"utf32", X_U32}, {"utf32be", X_U32BE},
  {"utf32le", X_U32LE}, {"utf8mb3", X_UTF8}, {"utf8mb4", X_UTF8},
  {"utf8n", X_UTF8}, {"utf8sig", X_UTF8}, {"viscii", X_VISCII},
  {"viscii11", X_VISCII}
};

/* Code pages of Windows and DOS by number, sorted. */
static const struct {
  unsigned short number;
  unsigned char charset;
} pages[] = {
  {37, X_037}, {154, X_PT154}, {367, X_ASCII}, {437, X_437}, {500, X_500},
  {708, X_ARA}, {737, X_737}, {775, X_775}, {819, X_W1252}, {850, X_850},
  {852, X_852},
  {855, X_855}, {857, X_857}, {858, X_858}, {860, X_860}, {861, X_861},
  {862, X_862}, {863, X_863}, {864, X_864}, {865, X_865}, {866, X_IBM866},
  {869, X_869}, {874, X_W874}, {932, X_SJIS}, {936, X_GB}, {943, X_SJIS},
  {949, X_KR}, {950, X_BIG5}, {951, X_BIG5}, {1047, X_1047}, {1125, X_1125},
  {1200, X_U16LE}, {1201, X_U16BE}, {1250, X_W1250}, {1251, X_W1251},
  {1252, X_W1252}, {1253, X_W1253}, {1254, X_W1254}, {1255, X_W1255},
  {1256, X_W1256}, {1257, X_W1257}, {1258, X_W1258}, {1361, X_JOHAB},
  {10000, X_MAC}, {10001, X_SJIS}, {10007, X_MACCYR}, {10017, X_MACCYR},
  {10029, X_MACCE},
  {12000, X_U32LE}, {12001, X_U32BE}, {20127, X_ASCII}, {20866, X_KOI8R},
  {20932, X_EUCJP}, {20936, X_GB}, {20949, X_KR}, {21866, X_KOI8U},
  {28591, X_W1252}, {28592, X_L2}, {28593, X_L3}, {28594, X_L4},
  {28595, X_CYR}, {28596, X_ARA}, {28597, X_GRE}, {28598, X_HEB},
  {28599, X_W1254}, {28600, X_L6}, {28603, X_L7}, {28604, X_L8},
  {28605, X_L9}, {28606, X_L10}, {38598, X_HEB}, {50220, X_JIS},
  {50221, X_JIS}, {50222, X_JIS}, {50225, X_JISKR}, {50227, X_JISCN},
  {51932, X_EUCJP}, {51936, X_GB}, {51949, X_KR}, {51950, X_EUCTW},
  {52936, X_HZ}, {54936, X_GB}, {65000, X_UTF7}, {65001, X_UTF8}
};

/* Compare 's' in any case with the lower-case 'name': < 0, 0 or > 0. */
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

static const pop3_charset *exact (pop3_span s) {
  size_t lo = 0, hi = sizeof labels / sizeof labels[0];
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    int c = compare(s, labels[mid].name);
    if (c == 0) return &charsets[labels[mid].charset];
    if (c < 0) hi = mid;
    else lo = mid + 1;
  }
  return NULL;
}

const pop3_charset *pop3_charset_page (uint32_t number) {
  size_t lo = 0, hi = sizeof pages / sizeof pages[0];
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (pages[mid].number == number) return &charsets[pages[mid].charset];
    if (number < pages[mid].number) hi = mid;
    else lo = mid + 1;
  }
  return NULL;
}

#define SQUEEZED 24    /* the longest name that is known has 19 */

static int is_alnum (char c) {
  return pop3_isdigit(c) || (unsigned)pop3_lower(c) - 'a' < 26;
}

/*
** Write the letters and digits of 's' to 'key', in lower case, and return
** their number; 0 if there are too many.
*/
static size_t squeeze (pop3_span s, char *key) {
  size_t i, n = 0;
  for (i = 0; i < s.n; i++) {
    if (!is_alnum(s.p[i])) continue;
    if (n == SQUEEZED) return 0;
    key[n++] = (char)pop3_lower(s.p[i]);
  }
  return n;
}

/* Does the name squeeze to 'key'? */
static int squeezes_to (const char *name, const char *key, size_t n) {
  size_t i = 0;
  for (; *name != '\0'; name++) {
    if (!is_alnum(*name)) continue;
    if (i == n || *name != key[i++]) return 0;
  }
  return i == n;
}

static const pop3_charset *squeezed (const char *key, size_t n) {
  size_t i;
  for (i = 0; i < sizeof labels / sizeof labels[0]; i++)
    if (squeezes_to(labels[i].name, key, n))
      return &charsets[labels[i].charset];
  for (i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
    if (squeezes_to(aliases[i].name, key, n))
      return &charsets[aliases[i].charset];
  return NULL;
}

/* A code page such as "cp850", "windowscp1250", "ibm037", "ms936", "1251". */
static const pop3_charset *numbered (const char *key, size_t n) {
  static const char *const prefixes[] = {
    "windowscp", "windows", "win", "codepage", "mscp", "ms", "cp", "ccsid",
    "ibmcp", "ibm", "oem", "dos", "pc", "cspc", "csibm", "ansi", ""
  };
  size_t i, digits = n;
  uint64_t number;
  while (digits > 0 && pop3_isdigit(key[digits - 1])) digits--;
  if (n - digits < (digits > 0 ? 2u : 3u) ||
      !pop3_number(key + digits, n - digits, 65535, &number))
    return NULL;
  for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
    if (strlen(prefixes[i]) == digits &&
        memcmp(prefixes[i], key, digits) == 0)
      return pop3_charset_page((uint32_t)number);
  return NULL;
}

/* The name without a suffix for iconv, such as "//TRANSLIT". */
static pop3_span without_suffix (pop3_span s) {
  size_t i;
  for (i = 0; i + 1 < s.n; i++)
    if (s.p[i] == '/' && s.p[i + 1] == '/') s.n = i;
  return s;
}

/*
** The charset of a misspelt name: letters and digits alone decide. Prefixes
** without a meaning are dropped one after the other.
*/
static const pop3_charset *misspelt (pop3_span s) {
  static const char *const prefixes[] = {"charset", "cs", "x"};
  char room[SQUEEZED + 3], *key = room + 3;
  size_t n = squeeze(without_suffix(s), key), i;
  const pop3_charset *cs = NULL;
  for (i = 0; n > 0 && cs == NULL; i++) {
    cs = squeezed(key, n);
    if (cs == NULL) cs = numbered(key, n);
    if (i == sizeof prefixes / sizeof prefixes[0]) break;
    if (n > strlen(prefixes[i]) &&
        memcmp(key, prefixes[i], strlen(prefixes[i])) == 0) {
      key += strlen(prefixes[i]);
      n -= strlen(prefixes[i]);
    }
  }
  if (cs == NULL && n > 4 && memcmp(key, "8859", 4) == 0) {
    memcpy(key - 3, "iso", 3);           /* there is room before 'key' */
    cs = squeezed(key - 3, n + 3);
  }
  for (i = 0; cs == NULL && i + 4 <= n; i++)     /* "utf-8bom" and the like */
    if (memcmp(key + i, "utf8", 4) == 0) cs = &charsets[X_UTF8];
  return cs;
}

const pop3_charset *pop3_charset_find (pop3_span s) {
  const pop3_charset *cs;
  s = pop3_trim(s);
  if (pop3_is(s, "utf-8")) return &charsets[X_UTF8];
  cs = exact(s);
  return cs != NULL ? cs : misspelt(s);
}

int pop3_charset_is_multi (const pop3_charset *cs) {
  switch (cs->kind) {
    case POP3_CS_SJIS: case POP3_CS_EUCJP: case POP3_CS_EUCKR:
    case POP3_CS_DOUBLE: case POP3_CS_GB18030: return 1;
    default: return 0;
  }
}
