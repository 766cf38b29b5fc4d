package chat.server;

import chat.admin.v1.FileSummary;
import chat.admin.v1.RestoreRequest;
import chat.admin.v1.RestoreResponse;
import chat.server.AdminClient.Seen;
import chat.server.transport.OutgoingFile;
import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Backups, from the operator's side. One thread's. */
final class BackupCommands {
  private final AdminClient client;
  private final PrintWriter out;
  private final Confirmation confirmation;

  BackupCommands(AdminClient client, PrintWriter out, Confirmation confirmation) {
    this.client = client;
    this.out = out;
    this.confirmation = confirmation;
  }

  /** Writes a backup into a file: whole and checked, or not at all. */
  void backup(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new UsageException("There is no folder " + folder + " for " + file + ".");
    }
    Seen source = source();
    Path part = file.resolveSibling(file.getFileName() + ".part");
    BackupFile backup;
    try {
      client.backup(source, part);
      backup = BackupFile.check(part);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    out.println(
        "Everything up to entry "
            + backup.index()
            + " is in "
            + file
            + " ("
            + Files.size(file)
            + " bytes), from server "
            + source.id()
            + ".");
  }

  /** A backup has the time to write it; the primary is asked where there is none. */
  private Seen source() {
    return client.servers().stream()
        .filter(server -> server.status().getMember() && server.status().getPrimaryId() != 0)
        .min(Comparator.comparing((Seen server) -> server.status().getServing()))
        .orElseThrow(
            () ->
                new CommandFailure(
                    CommandFailure.FAILED,
                    "No server serves or backs up: see 'run/admin status'."));
  }

  /** Has the primary of an empty cluster begin a new lineage with a backup's state. */
  void restore(Path file, boolean yes) throws IOException, InterruptedException {
    BackupFile backup = BackupFile.check(file);
    Seen primary = client.primary();
    confirmation.require(
        yes,
        "Server "
            + primary.id()
            + " will go on with the state of "
            + file
            + " (everything up to entry "
            + backup.index()
            + "), in a new lineage.\nThe cluster must be empty: it is refused if an account was"
            + " ever made. The other servers set their disks aside and learn.");
    RestoreResponse begun = send(primary, file);
    new LineageCommands(client, out, confirmation).awaitServing(primary, begun.getLineage());
    out.println(begun.getMessage());
  }

  private RestoreResponse send(Seen to, Path path) throws IOException, InterruptedException {
    try (OutgoingFile file = new OutgoingFile(path)) {
      Upload upload = new Upload(file);
      var unused = client.calls(to).restore(upload);
      return upload.answer.get();
    } catch (ExecutionException e) {
      throw AdminClient.failure(to, Status.fromThrowable(e.getCause()), e);
    }
  }

  /** Sends a file as fast as the server takes it. Confined to the call's executor. */
  private static final class Upload
      implements ClientResponseObserver<RestoreRequest, RestoreResponse> {
    final CompletableFuture<RestoreResponse> answer = new CompletableFuture<>();
    private final OutgoingFile file;
    private boolean sent;

    Upload(OutgoingFile file) {
      this.file = file;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<RestoreRequest> started) {
      started.setOnReadyHandler(() -> send(started));
    }

    private void send(ClientCallStreamObserver<RestoreRequest> to) {
      try {
        while (!sent && to.isReady()) {
          ByteString piece = file.next();
          if (piece.isEmpty()) {
            sent = true;
            to.onNext(
                RestoreRequest.newBuilder()
                    .setSummary(
                        FileSummary.newBuilder()
                            .setSizeBytes(file.sizeBytes())
                            .setCrc32C(file.crc32c()))
                    .build());
            to.onCompleted();
          } else {
            to.onNext(RestoreRequest.newBuilder().setData(piece).build());
          }
        }
      } catch (IOException e) {
        sent = true;
        to.cancel("the file cannot be read", e);
      }
    }

    @Override
    public void onNext(RestoreResponse response) {
      answer.complete(response);
    }

    @Override
    public void onError(Throwable cause) {
      answer.completeExceptionally(cause);
    }

    @Override
    public void onCompleted() {
      answer.completeExceptionally(
          Status.INTERNAL.withDescription("It gave no answer.").asException());
    }
  }
}
