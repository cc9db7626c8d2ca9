// Signs a request to Redress (RFC 9421, RFC 9530) and sends it. Java 17 or later, nothing to install:
//   java SignedRequest.java
// See docs/request-signing.md.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class SignedRequest {
    private static final String COMPLAINT =
        "{\"complainant\":{\"name\":\"Ada Winter\"},\"channel\":\"web\",\"description\":\"A fee was charged twice.\"}";
    private static final String SECRET_PREFIX = "rdr_sign_";

    /** Signs bytes. The key is rdr_sign_…, a PKCS #8 PEM, or an Ed25519 seed in base64url. */
    static byte[] signBytes(String key, byte[] base) throws GeneralSecurityException {
        if (key.startsWith(SECRET_PREFIX)) {
            byte[] secret = Base64.getUrlDecoder().decode(key.substring(SECRET_PREFIX.length()));
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return mac.doFinal(base);
        }
        KeyFactory keys = KeyFactory.getInstance("Ed25519");
        PrivateKey privateKey;
        if (key.startsWith("-----BEGIN")) {
            String der = key.replaceAll("-----[A-Z ]+-----", "");
            privateKey = keys.generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(der)));
        } else {
            byte[] seed = Base64.getUrlDecoder().decode(key);
            privateKey = keys.generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
        }
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(privateKey);
        signature.update(base);
        return signature.sign();
    }

    /** Adds Content-Digest, Signature-Input and Signature to `headers`. Whatever is in `headers` is covered. */
    static void sign(String method, String url, Map<String, String> headers, byte[] body, String key, String keyId,
                     long created, String nonce) throws GeneralSecurityException {
        Base64.Encoder base64 = Base64.getEncoder();
        if (body.length > 0 || Set.of("POST", "PUT", "PATCH").contains(method)) {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
            headers.put("Content-Digest", "sha-256=:" + base64.encodeToString(digest) + ":");
        }
        Map<String, String> values = new LinkedHashMap<>();
        values.put("@method", method);
        values.put("@target-uri", url);
        headers.forEach((name, value) -> values.put(name.toLowerCase(Locale.ROOT), value.strip()));
        String covered = values.keySet().stream().map(name -> '"' + name + '"').collect(Collectors.joining(" "));
        String params = String.format("(%s);created=%d;expires=%d;nonce=\"%s\";keyid=\"%s\"",
            covered, created, created + 300, nonce, keyId);
        StringBuilder base = new StringBuilder();
        values.forEach((name, value) -> base.append('"').append(name).append("\": ").append(value).append('\n'));
        base.append("\"@signature-params\": ").append(params);
        byte[] signature = signBytes(key, base.toString().getBytes(StandardCharsets.US_ASCII));
        headers.put("Signature-Input", "sig1=" + params);
        headers.put("Signature", "sig1=:" + base64.encodeToString(signature) + ":");
    }

    /**
     * Flags: --method, --url (default: $REDRESS_URL/v1/complaints), --body (default: an example complaint),
     * --idempotency-key (default: a new one for every POST; repeat it when you retry), --if-match (the ETag that a
     * change is based on), --created, --nonce, and --print, which prints the headers instead of sending the request.
     */
    public static void main(String[] args) throws Exception {
        Map<String, String> flags = new HashMap<>();
        boolean print = false;
        for (int at = 0; at < args.length; at++) {
            if (args[at].equals("--print")) print = true;
            else flags.put(args[at], args[++at]);
        }
        Map<String, String> env = System.getenv();
        byte[] random = new byte[18];
        new SecureRandom().nextBytes(random);

        String method = flags.getOrDefault("--method", "POST");
        String url = flags.containsKey("--url") ? flags.get("--url")
            : env.get("REDRESS_URL").replaceAll("/$", "") + "/v1/complaints";
        byte[] body = flags.getOrDefault("--body", method.equals("POST") ? COMPLAINT : "")
            .getBytes(StandardCharsets.UTF_8);
        Map<String, String> headers = new LinkedHashMap<>();
        if (body.length > 0) headers.put("Content-Type", "application/json");
        if (method.equals("POST") || flags.containsKey("--idempotency-key")) {
            headers.put("Idempotency-Key", flags.getOrDefault("--idempotency-key", '"' + UUID.randomUUID().toString() + '"'));
        }
        if (flags.containsKey("--if-match")) headers.put("If-Match", flags.get("--if-match"));
        long created = flags.containsKey("--created")
            ? Long.parseLong(flags.get("--created")) : Instant.now().getEpochSecond();
        String nonce = flags.getOrDefault("--nonce", Base64.getUrlEncoder().withoutPadding().encodeToString(random));
        sign(method, url, headers, body, env.get("REDRESS_SIGNING_KEY").strip(), env.get("REDRESS_KEY_ID"), created, nonce);
        if (print) {
            headers.forEach((name, value) -> System.out.println(name + ": " + value));
            return;
        }

        headers.put("Authorization", "Bearer " + env.get("REDRESS_KEY"));
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30))
            .method(method, body.length > 0 ? BodyPublishers.ofByteArray(body) : BodyPublishers.noBody());
        headers.forEach(request::header);
        var answer = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
        System.out.println(answer.statusCode());
        System.out.println(answer.body());
        if (answer.statusCode() >= 400) System.exit(1);
    }
}
