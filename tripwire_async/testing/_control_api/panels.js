// Panels of the page: each shows one part of the state.

/** Send a request to the control API; return its JSON, or say what is wrong and return null. */
async function control(method, path, body) {
  let response;
  try {
    response = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    say("The test server does not respond.");
    return null;
  }
  const text = await response.text();
  const value = text ? JSON.parse(text) : {};
  if (response.ok) return value;
  say(value.error.message);
  return null;
}

function endpointEntry(endpoint) {
  const name = h("strong");
  const url = h("span", { class: "soft mono" });
  const status = h("span", { class: "chip" }, "disabled");
  const send = h("button", { type: "button", class: "main", click: async () => {
    const sent = await control("POST", "/_test/send", { endpoint_id: endpoint.id });
    if (sent) say(`Test sent to ${name.textContent}`);
  } }, "Send test");
  const root = h("li", { "data-id": endpoint.id }, h("span", { class: "name" }, name, url, status), send);
  return { root, update(item) {
    setText(name, item.name);
    setText(url, item.url);
    status.hidden = item.status === "active" && !item.outcome;
    setText(status, item.status === "active" ? `always ${item.outcome}` : item.status);
    send.setAttribute("aria-label", `Send test to ${item.name}`);
    root.title = item.id;
  } };
}

function deliveryEntry(delivery) {
  const state = h("span", { class: "chip" });
  const endpoint = h("span", {}, delivery.endpoint_name);
  const event = h("span", { class: "event soft" }, delivery.event_type);
  const attempts = h("span", { class: "end attempts" });
  const latency = h("span", { class: "end latency" });
  const status = h("span", { class: "end" });
  const time = timeElement();
  const details = h("div", { class: "details", id: `details-${delivery.id}`, hidden: "" });
  let current = delivery;
  const show = async () => {
    const full = await control("GET", `/_test/deliveries/${delivery.id}`);
    if (full) details.replaceChildren(...deliveryDetails(full));
  };
  const open = h("button", { type: "button", class: "row fresh", "aria-expanded": "false", "aria-controls": details.id,
    click: () => {
      details.hidden = !details.hidden;
      open.setAttribute("aria-expanded", String(!details.hidden));
      if (!details.hidden) show();
    } }, state, endpoint, event, attempts, latency, status, time.element);
  const root = h("li", { "data-id": delivery.id, "data-endpoint": delivery.endpoint_id }, open, details);
  return { root, update(item) {
    const changed = item.status !== current.status || item.attempts !== current.attempts;
    current = item;
    state.className = `chip ${item.status}`;
    setText(state, item.status);
    setText(attempts, item.attempts === 1 ? "1 attempt" : `${item.attempts} attempts`);
    setText(latency, duration(item.latency));
    setText(status, item.response_status === null ? "" : `HTTP ${item.response_status}`);
    time.set(item.updated_at);
    if (changed && !details.hidden) show();
  } };
}

function deliveryDetails(delivery) {
  const { webhook } = delivery;
  const block = (title, text, shown = text) => h("div", {}, h("h3", {}, title, copyButton(title, () => text)),
    h("pre", { tabindex: "0", "aria-label": title }, shown));
  const parts = [h("p", { class: "mono soft" }, `${delivery.id} of ${delivery.event_id}`)];
  if (delivery.error) parts.push(h("p", {}, delivery.error));
  if (delivery.response_body) parts.push(block("Response of the endpoint", delivery.response_body));
  if (!["succeeded", "failed", "skipped"].includes(delivery.status)) {
    parts.push(h("div", { class: "buttons" }, ...["succeeded", "failed", "skipped"].map((status) => h("button", {
      type: "button", click: () => control("POST", `/_test/deliveries/${delivery.id}/settle`, { status }) },
    `Settle as ${status}`))));
  }
  const headers = Object.entries(webhook.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  parts.push(block("Headers", headers), block("Signed payload", webhook.body, pretty(webhook.body)),
    block("curl command", webhook.curl));
  parts.push(h("p", { class: "soft" }, "Signed when these details were opened; a receiver accepts it for 5 minutes."));
  return parts;
}

function requestEntry(request) {
  const status = h("span", { class: "chip" });
  const wait = h("span", { class: "end" });
  const time = timeElement();
  time.set(request.time);
  const row = h("div", { class: "row fresh" },
    h("span", { class: "method" }, request.method),
    h("span", {}, request.operation || "unknown operation"),
    h("span", { class: "path soft mono", title: `${request.path} ${request.id}` }, `${request.id} ${request.path}`),
    status, wait, time.element);
  return { root: h("li", { "data-id": request.id }, row), update(item) {
    const kind = item.status === null ? "pending" : item.status === 429 ? "limited" : item.status < 400 ? "ok" : "error";
    status.className = `chip ${kind}`;
    setText(status, item.status === null ? (item.duration === null ? "in progress" : "no response") : String(item.status));
    setText(wait, item.retry_after === null ? duration(item.duration) : `retry after ${item.retry_after} s`);
  } };
}

const SWITCHES = [
  { id: "unavailable", label: "Answer every request with 503", fault: "status 503", body: { status: 503, retryable: true } },
  { id: "limited", label: "Rate limited", fault: "status 429", body: { kind: "rate_limited", retry_after: 1 } },
  { id: "lost", label: "Lost responses", fault: "lost response", body: { kind: "lost_response" } },
  { id: "slow", label: "Slow endpoint", fault: "slow endpoint 3", body: { kind: "slow_endpoint", seconds: 3 } },
];

/** Return the fault of a switch that is on. */
function faultOf(entry, faults) {
  return faults.find((fault) => fault.fault === entry.fault && !fault.endpoint_id && fault.times === null
    && fault.rate === 1 && (!fault.operation || entry.id === "slow"));
}

function switchEntry(entry, faults) {
  const label = h("span", { class: "name", id: `switch-${entry.id}` }, entry.label);
  const toggle = h("button", { type: "button", class: "switch", role: "switch", "aria-checked": "false",
    "aria-labelledby": label.id, click: () => {
      const fault = faultOf(entry, faults());
      if (fault) control("DELETE", `/_test/faults/${fault.id}`);
      else control("POST", "/_test/faults", entry.body);
    } });
  return { root: h("li", {}, label, toggle), update() {
    toggle.setAttribute("aria-checked", String(Boolean(faultOf(entry, faults()))));
  } };
}

function otherFaultEntry(fault) {
  const hits = h("span", { class: "soft" });
  const remove = h("button", { type: "button", class: "small", "aria-label": `Remove ${fault.fault}`,
    click: () => control("DELETE", `/_test/faults/${fault.id}`) }, "Remove");
  const where = [fault.operation || "all operations", fault.endpoint_id].filter(Boolean).join(", ");
  return { root: h("li", {}, h("span", { class: "name" }, h("strong", {}, fault.fault), where, " ", hits), remove),
    update(item) { setText(hits, `${item.hits}${item.times === null ? "" : ` of ${item.times}`} hits`); } };
}

function showLimit(limit, totals) {
  const meter = byId("meter");
  const used = Math.min(limit.used, limit.limit);
  meter.setAttribute("aria-valuemax", String(limit.limit));
  meter.setAttribute("aria-valuenow", String(used));
  meter.setAttribute("aria-valuetext", `${limit.used} of ${limit.limit} requests`);
  meter.classList.toggle("full", limit.used >= limit.limit);
  meter.firstElementChild.style.width = `${(100 * used) / limit.limit}%`;
  const rejected = totals.rate_limited ? `; ${totals.rate_limited} rejected with 429` : "";
  setText(byId("limit-text"), `${limit.used} of ${limit.limit} requests in the last ${limit.window} s${rejected}`);
}

function showClock(clock) {
  byId("clock-section").hidden = !clock.manual;
  setText(byId("clock-text"), `${clock.time}, moves only when you advance it`);
}
