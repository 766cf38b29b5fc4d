package chat.server.storage;

/**
 * '*' any run, '?' one character, everything else literal. Matching takes time proportional to
 * filter times name at worst, whatever the filter: no pattern is slow.
 */
final class NameFilter {
  private final String filter;
  private final String prefix;

  /** An empty filter matches every name. */
  NameFilter(String filter) {
    this.filter = filter.isEmpty() ? "*" : filter;
    int literal = 0;
    while (literal < this.filter.length() && "*?".indexOf(this.filter.charAt(literal)) < 0) {
      literal++;
    }
    this.prefix = this.filter.substring(0, literal);
  }

  /** What every match begins with. */
  String prefix() {
    return prefix;
  }

  boolean matches(String name) {
    int f = 0;
    int n = 0;
    int star = -1;
    int starName = 0;
    while (n < name.length()) {
      if (f < filter.length() && filter.charAt(f) == '*') {
        star = f++;
        starName = n;
      } else if (f < filter.length()
          && (filter.charAt(f) == '?' || filter.charAt(f) == name.charAt(n))) {
        f++;
        n++;
      } else if (star >= 0) {
        f = star + 1;
        n = ++starName;
      } else {
        return false;
      }
    }
    while (f < filter.length() && filter.charAt(f) == '*') {
      f++;
    }
    return f == filter.length();
  }
}
