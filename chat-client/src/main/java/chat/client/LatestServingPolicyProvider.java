package chat.client;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.protobuf.services.HealthCheckingLoadBalancerUtil;

/**
 * Makes {@link LatestServingPolicy} known to gRPC, which finds this class as a service: that is why
 * it is public. Not part of the API.
 */
public final class LatestServingPolicyProvider extends LoadBalancerProvider {
  static final String POLICY = "chat_latest_serving";

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    return HealthCheckingLoadBalancerUtil.newHealthCheckingLoadBalancer(
        new LoadBalancer.Factory() {
          @Override
          public LoadBalancer newLoadBalancer(LoadBalancer.Helper healthChecking) {
            return new LatestServingPolicy(healthChecking);
          }
        },
        helper);
  }

  @Override
  public String getPolicyName() {
    return POLICY;
  }

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public int getPriority() {
    return 5;
  }
}
