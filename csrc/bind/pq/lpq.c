/*
** lpq.c - connections to PostgreSQL by libpq's non-blocking calls. No function
** here waits: lua/pop3/sql/postgres.lua does, by the 'wait' hook. One exception:
** PQconnectPoll resolves a host name, so give 'hostaddr' too.
*/

/***
Connections to PostgreSQL.
@engine pop3.core.pq
*/
#define _GNU_SOURCE
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lpop3.h"
#include "../open.h"
#include "libpq.h"

#define LPOP3_PQ "pop3.pq"

/* Types of PostgreSQL, by their numbers in pg_type. */
enum { BOOL = 16, BYTEA = 17, INT8 = 20, INT2 = 21, INT4 = 23, OID = 26,
       FLOAT4 = 700, FLOAT8 = 701, NUMERIC = 1700 };

typedef struct Pq {
  lpop3_object object;
  const libpq *pq;
  PGconn *conn;      /* NULL: closed */
  PGresult *result;  /* kept here, since pushing it may raise an error */
  pid_t owner;       /* a fork must not say anything on the connection */
} Pq;

static Pq *check (lua_State *L) {
  Pq *c = (Pq *)lua_touserdata(L, 1);
  luaL_argcheck(L, c->conn != NULL, 1, "the connection is closed");
  return c;
}

/* nil, the first line of the library's message, "connect". */
static int failed (lua_State *L, const char *message) {
  size_t n = strcspn(message, "\r\n");
  lua_pushnil(L);
  if (n == 0) lua_pushliteral(L, "the connection failed");
  else lua_pushlstring(L, message, n);
  lua_pushliteral(L, "connect");
  return 3;
}

static int not_loaded (lua_State *L, const char *why) {
  lua_pushnil(L);
  lua_pushstring(L, why);
  lua_pushliteral(L, "sql");
  return 3;
}

static void ignore (void *arg, const char *message) {
  (void)arg;
  (void)message;
}

/***
Is libpq there? It is loaded now.
@function pq.version
@treturn integer its version, such as 150018; or nil, message, "sql"
*/
static int l_version (lua_State *L) {
  const char *why;
  const libpq *pq = libpq_load(&why);
  if (pq == NULL) return not_loaded(L, why);
  lua_pushinteger(L, pq->libVersion());
  return 1;
}

/* Push the options as a table. It runs protected: they must be freed. */
static int push_options (lua_State *L) {
  const PQconninfoOption *o = (const PQconninfoOption *)lua_touserdata(L, 1);
  lua_newtable(L);
  for (; o->keyword != NULL; o++) {
    if (o->val == NULL) continue;
    lua_pushstring(L, o->val);
    lua_setfield(L, -2, o->keyword);
  }
  return 1;
}

/***
The options in a connection string or a URI of PostgreSQL.
@function pq.parse
@tparam string text
@treturn table name → value; or nil, message, "sql"
*/
static int l_parse (lua_State *L) {
  const char *text = luaL_checkstring(L, 1), *why;
  const libpq *pq = libpq_load(&why);
  PQconninfoOption *o;
  char *message = NULL;
  int rc;
  if (pq == NULL) return not_loaded(L, why);
  lua_pushcfunction(L, push_options);
  o = pq->conninfoParse(text, &message);
  if (o == NULL) {
    if (message != NULL) pq->freemem(message);
    return not_loaded(L, "the database's URL cannot be parsed");
  }
  lua_pushlightuserdata(L, o);
  rc = lua_pcall(L, 1, 1, 0);
  pq->conninfoFree(o);
  if (rc != LUA_OK) return lua_error(L);
  return 1;
}

/***
Begin to connect. Go on with `pq:poll`.
@function pq.connect
@tparam table options name → value, as libpq has them
@treturn pop3.pq or nil, message, "connect" or "sql"
*/
static int l_connect (lua_State *L) {
  const char **names, **values, *why;
  const libpq *pq = libpq_load(&why);
  size_t n = 0, i = 0;
  Pq *c;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (pq == NULL) return not_loaded(L, why);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      return luaL_argerror(L, 1, "names and values must be strings");
    n++;
  }
  names = (const char **)lua_newuserdatauv(L, (n + 1) * 2 * sizeof *names, 0);
  values = names + n + 1;
  c = (Pq *)lpop3_new(L, sizeof *c, 0);
  c->pq = pq;
  luaL_setmetatable(L, LPOP3_PQ);
  /* the table keeps the strings alive; no finalizer runs from here on */
  for (lua_pushnil(L); i < n && lua_next(L, 1); lua_pop(L, 1)) {
    names[i] = lua_tostring(L, -2);
    values[i++] = lua_tostring(L, -1);
  }
  names[i] = values[i] = NULL;
  c->owner = getpid();
  c->conn = pq->connectStartParams(names, values, 0);
  if (c->conn == NULL) return luaL_error(L, "out of memory");
  lua_settop(L, 3);
  if (pq->status(c->conn) == 1) return failed(L, pq->errorMessage(c->conn));
  pq->setNoticeProcessor(c->conn, ignore, NULL);
  return 1;
}

/***
Go on connecting.
@function pq:poll
@treturn string "r" or "w": wait for that, and call it again; "ok": connected; or
nil, message, "connect"
*/
static int pq_poll (lua_State *L) {
  Pq *c = check(L);
  switch (c->pq->connectPoll(c->conn)) {
    case POLL_READING: lua_pushliteral(L, "r"); return 1;
    case POLL_WRITING: lua_pushliteral(L, "w"); return 1;
    case POLL_OK:
      c->pq->setnonblocking(c->conn, 1);
      lua_pushliteral(L, "ok");
      return 1;
    default: return failed(L, c->pq->errorMessage(c->conn));
  }
}

/***
The descriptor to wait for; it may be another one after each `poll`.
@function pq:getfd
@treturn integer
*/
static int pq_getfd (lua_State *L) {
  Pq *c = check(L);
  lua_pushinteger(L, c->pq->socket(c->conn));
  return 1;
}

/* Replace the number at 'arg' by its text, exact and independent of a locale. */
static void number_to_text (lua_State *L, int arg) {
  char text[40], *p;
  lua_Number n;
  if (lua_isinteger(L, arg)) {
    lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, arg));
  }
  else {
    n = lua_tonumber(L, arg);
    snprintf(text, sizeof text, "%.17g", n);
    for (p = text; *p != '\0'; p++) if (*p == ',') *p = '.';
    if (isnan(n)) lua_pushliteral(L, "NaN");
    else if (isinf(n)) lua_pushstring(L, n > 0 ? "Infinity" : "-Infinity");
    else lua_pushstring(L, text);
  }
  lua_replace(L, arg);
}

/***
Put a statement with its parameters into the buffer of the connection; `flush`
sends it.
@function pq:send
@tparam string text with $1, $2 and so on
@param ... parameters: strings without NUL, numbers, booleans, nil; a table whose
first field is a string is octets (bytea)
@treturn boolean true; or nil, message, "connect"
*/
static int pq_send (lua_State *L) {
  Pq *c = check(L);
  const char *text = luaL_checkstring(L, 2);
  int n = lua_gettop(L) - 2, i;
  const char **values;
  int *lengths, *formats, ok;
  Oid *types;
  if (n > 32767) return luaL_error(L, "too many parameters");
  luaL_checkstack(L, 4, NULL);
  values = (const char **)lua_newuserdatauv(L,
    (size_t)(n + 1) * (sizeof *values + 2 * sizeof *lengths + sizeof *types), 0);
  types = (Oid *)(void *)(values + n + 1);
  lengths = (int *)(void *)(types + n + 1);
  formats = lengths + n + 1;
  for (i = 0; i < n; i++) {
    int arg = i + 3;
    size_t size = 0;
    types[i] = 0;
    formats[i] = 0;
    lengths[i] = 0;
    values[i] = NULL;
    switch (lua_type(L, arg)) {
      case LUA_TNIL: break;
      case LUA_TBOOLEAN: values[i] = lua_toboolean(L, arg) ? "t" : "f"; break;
      case LUA_TNUMBER:
        number_to_text(L, arg);
        values[i] = lua_tostring(L, arg);
        break;
      case LUA_TSTRING:
        values[i] = lua_tolstring(L, arg, &size);
        if (strlen(values[i]) != size)
          return luaL_argerror(L, arg, "text holds NUL: it must be octets");
        break;
      case LUA_TTABLE:
        if (lua_rawgeti(L, arg, 1) != LUA_TSTRING)
          return luaL_argerror(L, arg, "octets are a string");
        lua_replace(L, arg);
        values[i] = lua_tolstring(L, arg, &size);
        if (size > INT_MAX / 2) return luaL_argerror(L, arg, "too long");
        types[i] = BYTEA;
        lengths[i] = (int)size;
        formats[i] = 1;
        break;
      default:
        return luaL_argerror(L, arg, "not a value for a statement");
    }
  }
  ok = c->pq->sendQueryParams(c->conn, text, n, types, values, lengths, formats,
                              0);
  if (!ok) return failed(L, c->pq->errorMessage(c->conn));
  lua_pushboolean(L, 1);
  return 1;
}

/***
Send the octets in the buffer.
@function pq:flush
@treturn boolean true when all of it is sent; false: wait for "w" and call it
again; or nil, message, "connect"
*/
static int pq_flush (lua_State *L) {
  Pq *c = check(L);
  int rc = c->pq->flush(c->conn);
  if (rc < 0) return failed(L, c->pq->errorMessage(c->conn));
  lua_pushboolean(L, rc == 0);
  return 1;
}

/***
Read the octets that have come.
@function pq:consume
@treturn boolean true; or nil, message, "connect"
*/
static int pq_consume (lua_State *L) {
  Pq *c = check(L);
  if (!c->pq->consumeInput(c->conn))
    return failed(L, c->pq->errorMessage(c->conn));
  lua_pushboolean(L, 1);
  return 1;
}

/***
Would `result` have to wait?
@function pq:busy
@treturn boolean
*/
static int pq_busy (lua_State *L) {
  Pq *c = check(L);
  lua_pushboolean(L, c->pq->isBusy(c->conn));
  return 1;
}

/* The value of a hexadecimal digit. */
static int digit (char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 32) - 'a' + 10;
}

/* Push octets in PostgreSQL's form "\x414243". */
static void push_octets (lua_State *L, const char *s, size_t n) {
  luaL_Buffer b;
  size_t i, size;
  char *o;
  if (n < 2 || s[0] != '\\' || s[1] != 'x') {
    lua_pushlstring(L, s, n);
    return;
  }
  size = (n - 2) / 2;
  o = luaL_buffinitsize(L, &b, size);
  for (i = 0; i < size; i++)
    o[i] = (char)(digit(s[2 + 2 * i]) << 4 | digit(s[3 + 2 * i]));
  luaL_pushresultsize(&b, size);
}

static void push_value (lua_State *L, Oid type, const char *s, size_t n) {
  switch (type) {
    case INT2: case INT4: case INT8: case OID:
      if (lua_stringtonumber(L, s) == 0) lua_pushlstring(L, s, n);
      break;
    case FLOAT4: case FLOAT8: case NUMERIC:
      if (lua_stringtonumber(L, s) != 0) {
        if (type != NUMERIC) {
          lua_pushnumber(L, lua_tonumber(L, -1));
          lua_remove(L, -2);
        }
      }
      else if (strcmp(s, "NaN") == 0) lua_pushnumber(L, (lua_Number)NAN);
      else if (strcmp(s, "Infinity") == 0) lua_pushnumber(L, (lua_Number)HUGE_VAL);
      else if (strcmp(s, "-Infinity") == 0)
        lua_pushnumber(L, -(lua_Number)HUGE_VAL);
      else lua_pushlstring(L, s, n);
      break;
    case BOOL: lua_pushboolean(L, s[0] == 't'); break;
    case BYTEA: push_octets(L, s, n); break;
    default: lua_pushlstring(L, s, n);
  }
}

/* Push the rows of the result as a list of tables. */
static void push_rows (lua_State *L, const libpq *pq, const PGresult *r) {
  int rows = pq->ntuples(r), columns = pq->nfields(r), i, j, names;
  luaL_checkstack(L, columns + 8, "too many columns");
  names = lua_gettop(L) + 1;
  for (j = 0; j < columns; j++) lua_pushstring(L, pq->fname(r, j));
  lua_createtable(L, rows, 0);
  for (i = 0; i < rows; i++) {
    lua_createtable(L, 0, columns);
    for (j = 0; j < columns; j++) {
      if (pq->getisnull(r, i, j)) continue;
      lua_pushvalue(L, names + j);
      push_value(L, pq->ftype(r, j), pq->getvalue(r, i, j),
                 (size_t)pq->getlength(r, i, j));
      lua_rawset(L, -3);
    }
    lua_rawseti(L, -2, i + 1);
  }
  /* names..., list */
  lua_insert(L, names);
  lua_settop(L, names);
}

static void clear (Pq *c) {
  if (c->result != NULL) c->pq->clear(c->result);
  c->result = NULL;
}

/***
Take the next result. Call it when `busy` is false.
@function pq:result
@treturn[1] string "rows"
@treturn[1] {table,...} rows: column → value
@treturn[1] integer rows that the statement returned or changed
@treturn[1] string its command tag, such as "COMMIT"
@treturn[2] string "error"
@treturn[2] string message
@treturn[2] ?string SQLSTATE; nil when the connection was lost
@treturn[3] string "end": all results of a statement were taken; "sync": of a
pipeline; "aborted": a statement before it in the pipeline failed; "copy": the
connection is in a mode that this binding does not know
*/
static int pq_result (lua_State *L) {
  Pq *c = check(L);
  const libpq *pq = c->pq;
  const char *s;
  clear(c);
  c->result = pq->getResult(c->conn);
  if (c->result == NULL) {
    lua_pushliteral(L, "end");
    return 1;
  }
  switch (pq->resultStatus(c->result)) {
    case RES_EMPTY: case RES_COMMAND: case RES_ROWS:
      lua_pushliteral(L, "rows");
      push_rows(L, pq, c->result);
      s = pq->cmdTuples(c->result);
      if (lua_stringtonumber(L, s) == 0) lua_pushinteger(L, 0);
      lua_pushstring(L, pq->cmdStatus(c->result));
      clear(c);
      return 4;
    case RES_SYNC: lua_pushliteral(L, "sync"); break;
    case RES_ABORTED: lua_pushliteral(L, "aborted"); break;
    case RES_BAD: case RES_NOTICE: case RES_ERROR:
      lua_pushliteral(L, "error");
      s = pq->resultErrorField(c->result, 'M');
      if (s == NULL) s = pq->errorMessage(c->conn);
      lua_pushlstring(L, s, strcspn(s, "\r\n"));
      s = pq->resultErrorField(c->result, 'C');
      if (s == NULL) lua_pushnil(L);
      else lua_pushstring(L, s);
      clear(c);
      return 3;
    default: lua_pushliteral(L, "copy"); break;
  }
  clear(c);
  return 1;
}

/***
Begin a pipeline, end it, or mark the end of its statements.
@function pq:pipeline
@tparam string what "enter", "exit" or "sync"
@treturn boolean true; or nil, message, "connect"
*/
static int pq_pipeline (lua_State *L) {
  static const char *const names[] = { "enter", "exit", "sync", NULL };
  Pq *c = check(L);
  int ok;
  switch (luaL_checkoption(L, 2, NULL, names)) {
    case 0: ok = c->pq->enterPipelineMode(c->conn); break;
    case 1: ok = c->pq->exitPipelineMode(c->conn); break;
    default: ok = c->pq->pipelineSync(c->conn); break;
  }
  if (!ok) return failed(L, c->pq->errorMessage(c->conn));
  lua_pushboolean(L, 1);
  return 1;
}

/***
Is a transaction open?
@function pq:transaction
@treturn boolean
*/
static int pq_transaction (lua_State *L) {
  Pq *c = check(L);
  int status = c->pq->transactionStatus(c->conn);
  lua_pushboolean(L, status == 2 || status == 3);
  return 1;
}

/* Push channel and payload of a notification: it runs protected. */
static int push_notification (lua_State *L) {
  const PGnotify *n = (const PGnotify *)lua_touserdata(L, 1);
  lua_pushstring(L, n->relname);
  lua_pushstring(L, n->extra);
  return 2;
}

/***
Take a notification that has come (NOTIFY).
@function pq:notification
@treturn string its channel, or nothing
@treturn string its payload
*/
static int pq_notification (lua_State *L) {
  Pq *c = check(L);
  PGnotify *n;
  int rc;
  lua_pushcfunction(L, push_notification);
  n = c->pq->notifies(c->conn);
  if (n == NULL) return 0;
  lua_pushlightuserdata(L, n);
  rc = lua_pcall(L, 1, 2, 0);
  c->pq->freemem(n);
  if (rc != LUA_OK) return lua_error(L);
  return 2;
}

/***
Close the connection.
@function pq:close
*/
static int pq_close (lua_State *L) {
  Pq *c = (Pq *)lua_touserdata(L, 1);
  if (c->conn == NULL) return 0;
  clear(c);
  if (c->owner != getpid()) close(c->pq->socket(c->conn));
  c->pq->finish(c->conn);
  c->conn = NULL;
  return 0;
}

static int pq_tostring (lua_State *L) {
  const Pq *c = (const Pq *)lua_touserdata(L, 1);
  lua_pushstring(L, c->conn != NULL ? LPOP3_PQ : LPOP3_PQ " (closed)");
  return 1;
}

void lpop3_open_pq (lua_State *L) {
  static const luaL_Reg functions[] = {
    {"version", l_version}, {"parse", l_parse}, {"connect", l_connect},
    {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"__tostring", pq_tostring}, {"poll", pq_poll}, {"getfd", pq_getfd},
    {"send", pq_send}, {"flush", pq_flush}, {"consume", pq_consume},
    {"busy", pq_busy}, {"result", pq_result}, {"pipeline", pq_pipeline},
    {"transaction", pq_transaction}, {"notification", pq_notification},
    {"close", pq_close}, {NULL, NULL}
  };
  lpop3_functions(L, "pq", functions);
  lpop3_type(L, LPOP3_PQ, methods);
}
