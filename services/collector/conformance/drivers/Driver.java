import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.ToNumberPolicy;
import com.segment.analytics.Analytics;
import com.segment.analytics.Callback;
import com.segment.analytics.messages.*;
import java.io.InputStreamReader;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Plays calls through Segment's Java client and says what became of each, one JSON object a line. The task comes on standard input: {host,
 * writeKey, options, calls}. scripts/test-clients.sh compiles it, and once more with RudderStack's client, which is of the same make, in its place.
 */
public class Driver {
  public static void main(String[] args) throws Exception {
    Gson gson = new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();
    JsonObject task = gson.fromJson(new InputStreamReader(System.in), JsonObject.class);
    JsonArray calls = task.getAsJsonArray("calls");
    Map<String, String> failed = new ConcurrentHashMap<>();
    CountDownLatch left = new CountDownLatch(calls.size());
    Analytics.Builder builder = Analytics.builder(task.get("writeKey").getAsString()).endpoint(task.get("host").getAsString())
        .flushInterval(1, TimeUnit.SECONDS)
        .callback(new Callback() {
          @Override public void success(Message message) { left.countDown(); }
          @Override public void failure(Message message, Throwable error) {
            failed.put(message.messageId(), String.valueOf(error));
            left.countDown();
          }
        });
    JsonElement options = task.get("options");
    if (options != null && options.isJsonObject() && options.getAsJsonObject().has("retries")) {
      builder.retries(options.getAsJsonObject().get("retries").getAsInt());
    }
    if (options != null && options.isJsonObject() && options.getAsJsonObject().has("queue")) {
      builder.flushQueueSize(options.getAsJsonObject().get("queue").getAsInt());
    }
    Analytics analytics = builder.build();
    String[] ids = new String[calls.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonArray call = calls.get(i).getAsJsonArray();
      ids[i] = "java-" + ProcessHandle.current().pid() + "-" + i;
      MessageBuilder<?, ?> message = message(gson, call.get(0).getAsString(), call.get(1).getAsJsonObject());
      message.messageId(ids[i]);
      text(call, "userId", message::userId);
      text(call, "anonymousId", message::anonymousId);
      analytics.enqueue(message);
    }
    analytics.flush();
    left.await();
    analytics.shutdown();
    for (int i = 0; i < ids.length; i++) {
      JsonObject line = new JsonObject();
      line.addProperty("index", i);
      line.addProperty("messageId", ids[i]);
      line.addProperty("error", failed.getOrDefault(ids[i], ""));
      System.out.println(gson.toJson(line));
    }
    System.exit(0); // the client's threads stay a while
  }

  private static void text(JsonArray call, String name, java.util.function.Consumer<String> to) {
    JsonElement value = call.get(1).getAsJsonObject().get(name);
    if (value != null) {
      to.accept(value.getAsString());
    }
  }

  @SuppressWarnings("unchecked")
  private static MessageBuilder<?, ?> message(Gson gson, String kind, JsonObject m) {
    Map<String, Object> properties = gson.fromJson(m.has("properties") ? m.get("properties") : new JsonObject(), Map.class);
    Map<String, Object> traits = gson.fromJson(m.has("traits") ? m.get("traits") : new JsonObject(), Map.class);
    switch (kind) {
      case "identify": return IdentifyMessage.builder().traits(traits);
      case "page": return PageMessage.builder(m.get("name").getAsString()).properties(properties);
      case "screen": return ScreenMessage.builder(m.get("name").getAsString()).properties(properties);
      case "group": return GroupMessage.builder(m.get("groupId").getAsString()).traits(traits);
      case "alias": return AliasMessage.builder(m.get("previousId").getAsString());
      default: return TrackMessage.builder(m.get("event").getAsString()).properties(properties);
    }
  }
}
