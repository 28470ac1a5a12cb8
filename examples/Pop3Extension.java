// A JUnit 5 extension: a POP3 server for tests of a mail program.
//
// Copy this file beside your tests, without the class Pop3ExtensionTest at its
// end. The server is `pop3 serve`, a process for each test: one user, mrose with
// the password secret, without mail. It needs Java 11 or later.
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Write {@code @RegisterExtension Pop3Extension pop3 = new Pop3Extension();} */
class Pop3Extension implements BeforeEachCallback, AfterEachCallback {
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> command = new ArrayList<>(List.of(
      "pop3", "serve", "--tie-to-parent", "--control", "tcp:127.0.0.1:0"));
  private Process process;
  private Map<String, String> ready;

  /** @param options those of pop3 serve */
  Pop3Extension(String... options) { command.addAll(List.of(options)); }

  String host() { return ready.get("host"); }

  int port() { return Integer.parseInt(ready.get("port")); }

  @Override public void beforeEach(ExtensionContext context) throws IOException {
    process = new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String line = new BufferedReader(
        new InputStreamReader(process.getInputStream())).readLine();
    if (line == null) throw new IOException("pop3 serve did not start");
    ready = new HashMap<>();  // ready host=... port=... control=... token=...
    for (String word : line.split(" ")) {
      String[] pair = word.split("=", 2);
      if (pair.length == 2) ready.put(pair[0], pair[1]);
    }
  }

  @Override public void afterEach(ExtensionContext context) throws InterruptedException {
    process.destroy();
    process.waitFor();
  }

  /** Send a request of pop3.server.control, an object of JSON; its answer. */
  String ask(String json) {
    HttpRequest request = HttpRequest.newBuilder()
        .uri(URI.create("http://" + ready.get("control") + "/requests"))
        .header("Authorization", "Bearer " + ready.get("token"))
        .POST(HttpRequest.BodyPublishers.ofString(json)).build();
    try {
      HttpResponse<String> answer =
          http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == 200) return answer.body();
      // the body has the field "error", with its line ends as \n
      throw new AssertionError(answer.body().replace("\\n", "\n"));
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    } catch (InterruptedException problem) {
      throw new IllegalStateException(problem);
    }
  }

  void deliver(String mail) {
    ask("{\"do\": \"deliver\", \"user\": \"mrose\", \"mail\": " + quoted(mail) + "}");
  }

  /** @param fault as for --fault of pop3 serve: "verb=UIDL cut.lines=1" */
  void fault(String fault) {
    ask("{\"do\": \"fault\", \"fault\": " + quoted(fault) + "}");
  }

  void verify(String... commands) {
    ask("{\"do\": \"verify\", \"commands\": " + Stream.of(commands)
        .map(Pop3Extension::quoted).collect(Collectors.joining(", ", "[", "]")) + "}");
  }

  /** A text as a string of JSON. */
  static String quoted(String text) {
    return text.chars().mapToObj(c -> c == '"' || c == '\\' ? "\\" + (char) c
        : c < ' ' ? String.format("\\u%04x", c) : String.valueOf((char) c))
        .collect(Collectors.joining("", "\"", "\""));
  }
}

class Pop3ExtensionTest {
  @RegisterExtension Pop3Extension pop3 = new Pop3Extension();

  // The program under test: how many unique-ids are listed, -1 without an end.
  private int count() throws IOException {
    try (Socket socket = new Socket(pop3.host(), pop3.port())) {
      socket.getOutputStream().write("USER mrose\r\nPASS secret\r\nUIDL\r\nQUIT\r\n".getBytes());
      List<String> lines = new BufferedReader(new InputStreamReader(
          socket.getInputStream())).lines().collect(Collectors.toList());
      return lines.indexOf(".") < 0 ? -1 : lines.indexOf(".") - 4;
    }
  }

  @Test void noticesThatAListingIsCut() throws IOException {
    pop3.deliver("Subject: hi\r\n\r\nhello\r\n");
    pop3.fault("verb=UIDL times=1 cut.lines=0");
    assertEquals(-1, count());
    assertEquals(1, count());
    pop3.verify("USER mrose", "PASS ***", "UIDL",
                "USER mrose", "PASS ***", "UIDL", "QUIT");
  }
}
