// Follows a tenant's changes over a socket (docs/live.md) in browsers and Node, and goes on by itself when it is closed.

/**
 * `ticket` asks your own server, which asks `POST /v1/live-tickets`. `onChange` has taken a change in when it returns. `onEnd` is
 * told the code when there is no going on. Returns what stops it.
 */
export function follow(base, ticket, onChange, onEnd, next = undefined) {
  let [pause, stopped, socket] = [500, false, undefined];

  async function open() {
    const { protocols } = await ticket();
    if (stopped) return;
    socket = new WebSocket(`${base}/v1/live${next === undefined ? "" : `?since=${next}`}`, protocols);
    let count = 0;
    const alive = setInterval(() => { if (socket.readyState === WebSocket.OPEN) socket.send("ping"); }, 30_000);
    socket.onmessage = ({ data }) => {
      pause = 500;
      if (data === "pong") return;
      const message = JSON.parse(data);
      if (message.number !== undefined) {
        onChange(message);
        count += 1;
        if (count % 100 === 0) socket.send(JSON.stringify({ ack: count }));
      }
      next = message.next;
    };
    socket.onclose = ({ code }) => {
      clearInterval(alive);
      if (stopped || [1008, 4401, 4403].includes(code)) onEnd(code);
      else again(code === 4410);
    };
  }

  function again(atOnce) {
    setTimeout(() => open().catch(() => again(false)), atOnce ? 0 : pause * (1 + Math.random()));
    pause = Math.min(pause * 2, 60_000);
  }

  again(true);
  return () => {
    stopped = true;
    socket?.close();
  };
}
