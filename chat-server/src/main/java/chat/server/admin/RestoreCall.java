package chat.server.admin;

import chat.admin.v1.RestoreRequest;
import chat.admin.v1.RestoreResponse;
import chat.server.transport.IncomingFile;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A backup that arrives, and what becomes of it. Confined to the call's executor. */
final class RestoreCall implements StreamObserver<RestoreRequest> {
  private static final Logger logger = LoggerFactory.getLogger(RestoreCall.class);
  private static final String NAME = "Restore";

  private final AdminOperations operations;
  private final ServerCallStreamObserver<RestoreResponse> responses;
  private @Nullable Path path;
  private @Nullable IncomingFile file;
  private boolean over;

  RestoreCall(AdminOperations operations, ServerCallStreamObserver<RestoreResponse> responses) {
    this.operations = operations;
    this.responses = responses;
    responses.setOnCancelHandler(this::end);
  }

  @Override
  public void onNext(RestoreRequest request) {
    if (over) {
      return;
    }
    try {
      IncomingFile arriving = file;
      if (arriving == null) {
        path = operations.newFile();
        arriving = new IncomingFile(path);
        file = arriving;
      }
      arriving.add(request.getData());
      if (request.hasSummary()) {
        arriving.finish(request.getSummary().getSizeBytes(), request.getSummary().getCrc32C());
      }
    } catch (IncomingFile.DamagedException e) {
      fail(new RefusedCommandException("Nothing was restored. " + e.getMessage()));
    } catch (IOException | RuntimeException e) {
      fail(e);
    }
  }

  @Override
  public void onCompleted() {
    if (over) {
      return;
    }
    IncomingFile arrived = file;
    Path where = path;
    try {
      if (arrived == null || where == null || !arrived.isWhole()) {
        throw new RefusedCommandException(
            "Nothing was restored: the backup did not arrive whole. Send it again.");
      }
      AdminOperations.NewLineage begun = operations.restore(where);
      end();
      responses.onNext(
          RestoreResponse.newBuilder()
              .setLineage(begun.lineage())
              .setMessage(begun.sentence())
              .build());
      responses.onCompleted();
    } catch (RefusedCommandException | IOException | RuntimeException e) {
      fail(e);
    }
  }

  @Override
  public void onError(Throwable cause) {
    end();
  }

  private void fail(Exception failure) {
    end();
    responses.onError(AdminEndpoint.status(NAME, failure));
  }

  private void end() {
    over = true;
    IncomingFile arriving = file;
    file = null;
    try {
      if (arriving != null) {
        arriving.close();
      }
    } catch (IOException e) {
      logger.warn("{}: the file that is deleted next could not be closed", NAME, e);
    }
    if (path != null) {
      AdminEndpoint.delete(path);
    }
  }
}
