package chat.client;

import chat.common.ErrorReason;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Turns pages with tokens into one stream that fetches the next page when it is reached. */
final class Pages {
  private Pages() {}

  record Page<T>(List<T> items, String nextToken) {}

  /**
   * The items of all pages.
   *
   * @param fetch from a page token, empty for the first, to the page
   */
  static <T> Stream<T> stream(Function<String, Page<T>> fetch) {
    return Stream.iterate(
            fetch.apply(""),
            page -> !page.items().isEmpty() || !page.nextToken().isEmpty(),
            page -> next(page, fetch))
        .flatMap(page -> page.items().stream());
  }

  private static <T> Page<T> next(Page<T> page, Function<String, Page<T>> fetch) {
    if (page.nextToken().isEmpty()) {
      return new Page<>(List.of(), "");
    }
    Page<T> next = fetch.apply(page.nextToken());
    if (next.nextToken().equals(page.nextToken())) {
      // It would go round for ever.
      throw ServerError.definite(ErrorReason.INTERNAL, "The server gave the same page twice.");
    }
    return next;
  }
}
