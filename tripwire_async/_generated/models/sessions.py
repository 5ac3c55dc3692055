# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag sessions."""

from typing import Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import Timestamp
from tripwire_async._codec.model import Model
from tripwire_async._generated.models.shared import (
    CursorPagination,
    Decision,
    EventId,
    FingerprintId,
    Phase,
    ResponseMeta,
    SessionId,
)

ObservationHash: TypeAlias = str | float | None
"""A digest of something that a browser showed, to be compared for equality only; null if it was not
observed.
"""


@attrs.frozen(kw_only=True, repr=False)
class SessionAnalysisCoverage(Model):
    """Parts of a session that could be analyzed.

    Attributes:
        browser: Whether the browser was analyzed.
        device: Whether the device was analyzed.
        network: Whether the network was analyzed.
        runtime: Whether the integrity of the runtime was analyzed.
        behavioral: Whether the visitor's behavior was analyzed.
        visitor_identity: Whether the visitor's identity was analyzed.
    """

    browser: bool
    device: bool
    network: bool
    runtime: bool
    behavioral: bool
    visitor_identity: bool


class SessionAttributionLabelKind(OpenEnum):
    """Subject of the label, such as the actor, the tool or the purpose."""

    ACTOR = "actor"
    PROVIDER = "provider"
    TOOL = "tool"
    PRODUCT = "product"
    ORGANIZATION = "organization"
    PURPOSE = "purpose"
    ENVIRONMENT = "environment"
    TRUST = "trust"
    EVASION = "evasion"


@attrs.frozen(kw_only=True, repr=False)
class SessionAttributionLabel(Model):
    """One actor, tool, purpose or the like that a session is put down to.

    Attributes:
        kind: Subject of the label, such as the actor, the tool or the purpose.
        value: The finding as a stable word for programs.
        label: The finding as text for people.
        confidence: Confidence of the finding, from 0 to 100.
    """

    kind: SessionAttributionLabelKind
    value: str
    label: str
    confidence: int


class SessionAttributionChannel(OpenEnum):
    """Source of the pattern, such as typing or mouse movement."""

    TYPING = "typing"
    FORM = "form"
    MOUSE = "mouse"
    TOUCH = "touch"
    SCROLL = "scroll"
    CLIPBOARD = "clipboard"


@attrs.frozen(kw_only=True, repr=False)
class SessionAttributionBehavior(Model):
    """One pattern of behavior that stood out in a session.

    Attributes:
        channel: Source of the pattern, such as typing or mouse movement.
        value: The pattern as a stable word for programs.
        label: The pattern as text for people.
        confidence: Confidence of the finding, from 0 to 100.
    """

    channel: SessionAttributionChannel
    value: str
    label: str
    confidence: int


@attrs.frozen(kw_only=True, repr=False)
class SessionAttribution(Model):
    """Presumed actor behind a session.

    Attributes:
        labels: The actors, tools and purposes that the session is put down to.
        behaviors: The patterns of behavior that stood out.
    """

    labels: tuple[SessionAttributionLabel, ...]
    behaviors: tuple[SessionAttributionBehavior, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionBrowser(Model):
    """The browser that a session came from.

    Attributes:
        name: The name of the browser; null if unknown.
        version: The full version of the browser; null if unknown.
        major_version: The first part of the browser's version; null if unknown.
        engine: The browser's rendering engine.
        app_name: The app around an embedded web view; null in an ordinary browser. Foil only.
    """

    name: str | None
    version: str | None
    major_version: str | None
    engine: str
    app_name: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceNavigator(Model):
    """Properties of a browser's `navigator` object.

    Attributes:
        platform: The platform that the browser names; null if unknown.
        vendor: The vendor that the browser names; null if unknown.
        hardware_concurrency: The number of logical processors; null if unknown.
        device_memory: The memory that the browser admits to, in gibibytes; null if unknown.
        max_touch_points: Maximum number of simultaneous touch points; null if unknown.
        pdf_viewer_enabled: Whether the browser can show PDF files; null if unknown.
        cookie_enabled: Whether cookies are on; null if unknown.
        product_sub: The build number that the browser names (`productSub`); null if unknown.
        primary_language: The language that the user prefers; null if unknown.
        languages: The languages that the browser names.
        mime_types_count: Number of MIME types that the browser lists; null if unknown.
        plugins: The plugins that the browser lists.
        model: The device model from User-Agent Client Hints, which identifies a kind of device, not
            one device; null if unknown. Foil only.
    """

    platform: str | None
    vendor: str | None
    hardware_concurrency: int | None
    device_memory: float | None
    max_touch_points: int | None
    pdf_viewer_enabled: bool | None
    cookie_enabled: bool | None
    product_sub: str | None
    primary_language: str | None
    languages: tuple[str, ...]
    mime_types_count: int | None
    plugins: tuple[str, ...]
    model: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceStorage(Model):
    """Available kinds of storage in a browser.

    Attributes:
        cookies: Whether cookies work; null if unknown.
        local_storage: Whether `localStorage` works; null if unknown.
        session_storage: Whether `sessionStorage` works; null if unknown.
        indexed_db: Whether IndexedDB works; null if unknown.
        service_worker: Whether service workers can be used; null if unknown.
        window_name: Whether `window.name` keeps its value; null if unknown.
    """

    cookies: bool | None
    local_storage: bool | None
    session_storage: bool | None
    indexed_db: bool | None
    service_worker: bool | None
    window_name: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceCanvas(Model):
    """Rendering of a browser's 2D canvas.

    Attributes:
        hash: The digest of the whole drawing.
        geometry_hash: The digest of drawn shapes.
        text_hash: The digest of drawn text.
        winding: Whether the browser supports winding rules for paths; null if unknown.
        noise_detected: Whether noise seems to be added to hinder fingerprints; null if unknown.
        offscreen_consistent: Whether a canvas off the screen gives the same drawing; null if
            unknown.
    """

    hash: ObservationHash
    geometry_hash: ObservationHash
    text_hash: ObservationHash
    winding: bool | None
    noise_detected: bool | None
    offscreen_consistent: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceGraphicsWebgl(Model):
    """Graphics system according to WebGL.

    Attributes:
        vendor: The vendor that WebGL names; null if unknown.
        renderer: The renderer that WebGL names; null if unknown.
        version: The version of WebGL; null if unknown.
        shading_language_version: The version of the shading language; null if unknown.
        parameters_hash: The digest of WebGL's parameters.
        extensions_hash: The digest of WebGL's extensions.
        extension_parameters_hash: The digest of the extensions' parameters.
        shader_precision_hash: The digest of the shaders' precision.
    """

    vendor: str | None
    renderer: str | None
    version: str | None
    shading_language_version: str | None
    parameters_hash: ObservationHash
    extensions_hash: ObservationHash
    extension_parameters_hash: ObservationHash
    shader_precision_hash: ObservationHash


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceGraphicsWebgpu(Model):
    """Graphics system according to WebGPU.

    Attributes:
        available: Whether the browser offers WebGPU; null if unknown.
        adapter_vendor: The vendor of the graphics adapter; null if unknown.
        adapter_architecture: The architecture of the graphics adapter; null if unknown.
        fallback_adapter: Whether the adapter is only a fallback; null if unknown.
        features_hash: The digest of the adapter's features.
        limits_hash: The digest of the adapter's limits.
    """

    available: bool | None
    adapter_vendor: str | None
    adapter_architecture: str | None
    fallback_adapter: bool | None
    features_hash: ObservationHash
    limits_hash: ObservationHash


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceGraphics(Model):
    """Graphics system according to WebGL and WebGPU.

    Attributes:
        webgl: Graphics system according to WebGL.
        webgpu: Graphics system according to WebGPU.
    """

    webgl: SessionRawDeviceGraphicsWebgl
    webgpu: SessionRawDeviceGraphicsWebgpu


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceAudio(Model):
    """Audio and speech systems of a browser.

    Attributes:
        hash: The digest of rendered audio.
        sample_rate: The sample rate of the audio system in hertz; null if unknown.
        channel_count: The number of audio channels; null if unknown.
        voice_count: The number of voices for speech; null if unknown.
        local_voice_count: The number of voices that work without the network; null if unknown.
        default_voice_lang: The language of the default voice; null if unknown.
        noise_detected: Whether noise seems to be added to hinder fingerprints; null if unknown.
    """

    hash: ObservationHash
    sample_rate: float | None
    channel_count: int | None
    voice_count: int | None
    local_voice_count: int | None
    default_voice_lang: str | None
    noise_detected: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceFonts(Model):
    """Fonts of a browser and their metrics.

    Attributes:
        detected_count: Number of fonts; null if unknown.
        tested_count: Number of fonts that were tested; null if unknown.
        enumeration_hash: The digest of the fonts found.
        metrics_hash: The digest of the fonts' measurements.
        preferences_hash: The digest of the font preferences.
        emoji_hash: The digest of drawn emoji.
    """

    detected_count: int | None
    tested_count: int | None
    enumeration_hash: ObservationHash
    metrics_hash: ObservationHash
    preferences_hash: ObservationHash
    emoji_hash: ObservationHash


@attrs.frozen(kw_only=True, repr=False)
class SessionRawDeviceMedia(Model):
    """The media devices of a browser.

    Attributes:
        device_count: Number of media devices; null if unknown.
        counts_by_kind: Number of media devices per kind.
        blank_label_count: Number of media devices with an empty label; null if unknown.
        topology_hash: The digest of how the media devices hang together.
    """

    device_count: int | None
    counts_by_kind: dict[str, int]
    blank_label_count: int | None
    topology_hash: ObservationHash


@attrs.frozen(kw_only=True, repr=False)
class SessionClientTelemetry(Model):
    """Detailed properties of the browser.

    Attributes:
        navigator: Properties of the browser's `navigator` object.
        storage: Available kinds of storage.
        canvas: Rendering of the browser's 2D canvas.
        graphics: Graphics system according to WebGL and WebGPU.
        audio: Audio and speech systems.
        fonts: Installed fonts and their metrics.
        media: The media devices of the browser.
    """

    navigator: SessionRawDeviceNavigator
    storage: SessionRawDeviceStorage
    canvas: SessionRawDeviceCanvas
    graphics: SessionRawDeviceGraphics
    audio: SessionRawDeviceAudio
    fonts: SessionRawDeviceFonts
    media: SessionRawDeviceMedia


@attrs.frozen(kw_only=True, repr=False)
class SessionConnectionFingerprintCountRange(Model):
    """Number of cipher suites in the known handshake.

    Attributes:
        min: The smallest count that was seen.
        max: The largest count that was seen.
    """

    min: int
    max: int


@attrs.frozen(kw_only=True, repr=False)
class SessionConnectionFingerprintJa4Reference(Model):
    """The known handshake that a fingerprint was compared with.

    Attributes:
        label: The name of the known handshake as people see it.
        source: Source of the known handshake.
        protocol: The transport protocol of the known handshake.
        tls_version: The TLS version of the known handshake.
        sni: Server name indication (SNI) of the known handshake.
        alpn: The application protocol (ALPN) that the known handshake offers.
        cipher_count: Number of cipher suites in the known handshake.
        ext_count: Number of TLS extensions in the known handshake.
        sample_size: Number of samples of the known handshake.
        verified: Whether the known handshake was verified; null if that is not known.
    """

    label: str
    source: str
    protocol: str
    tls_version: str
    sni: str
    alpn: str
    cipher_count: SessionConnectionFingerprintCountRange
    ext_count: SessionConnectionFingerprintCountRange
    sample_size: int
    verified: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionConnectionFingerprintJa4(Model):
    """The fingerprint of the TLS handshake.

    Attributes:
        hash: The JA4 fingerprint itself; null if unknown.
        profile: The known client profile that the fingerprint matches, or null.
        family: The family of clients that the fingerprint belongs to; null if unknown.
        product: The product that the fingerprint belongs to; null if unknown.
        confidence: Confidence of the match as a label; null if there is no match.
        match_source: Source of the matching profile; null without a match.
        deterministic: Whether the fingerprint leads to its profile without doubt; null if that is
            not known.
        reference: The known handshake that the fingerprint was compared with, or null.
    """

    hash: str | None
    profile: str | None
    family: str | None
    product: str | None
    confidence: str | None
    match_source: str | None
    deterministic: bool | None
    reference: SessionConnectionFingerprintJa4Reference | None


@attrs.frozen(kw_only=True, repr=False)
class SessionConnectionFingerprintHttp2(Model):
    """The fingerprint of the HTTP/2 connection.

    Attributes:
        akamai_fingerprint: The HTTP/2 fingerprint in Akamai's notation; null if unknown.
        profile: The known client profile that the fingerprint matches, or null.
    """

    akamai_fingerprint: str | None
    profile: str | None


class SessionUserAgentAlignment(OpenEnum):
    """Whether the handshakes of a client fit what its `User-Agent` header claims."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True, repr=False)
class SessionConnectionFingerprint(Model):
    """TLS and HTTP/2 fingerprints of the client.

    Attributes:
        ja4: The fingerprint of the TLS handshake.
        http2: The fingerprint of the HTTP/2 connection.
        user_agent_alignment: Whether the handshakes fit what the `User-Agent` header claims; null
            if not assessed.
    """

    ja4: SessionConnectionFingerprintJa4
    http2: SessionConnectionFingerprintHttp2
    user_agent_alignment: SessionUserAgentAlignment | None


class SessionAutomationStatus(OpenEnum):
    """Whether the session is automated or human, or neither for certain."""

    AUTOMATED = "automated"
    HUMAN = "human"
    UNCERTAIN = "uncertain"


class SessionDecisionStatus(OpenEnum):
    """Whether the decision is final or may still be replaced."""

    PRELIMINARY = "preliminary"
    FINAL = "final"


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailDecision(Model):
    """Verdict of Tripwire on a session at one time, as part of the session's details.

    Attributes:
        event_id: The id of the evaluation that led to the decision.
        automation_status: Whether the session is automated or human, or neither for certain.
        risk_score: Risk of the session, from 0 (no risk) to 100.
        evaluation_phase: Whether the decision rests on a first snapshot or on behavior over time;
            null if unknown.
        decision_status: Whether the decision is final or may still be replaced.
        evaluated_at: When the session was evaluated.
    """

    event_id: EventId
    automation_status: SessionAutomationStatus
    risk_score: int
    evaluation_phase: Phase | None
    decision_status: SessionDecisionStatus
    evaluated_at: Timestamp


class SessionHighlightEffect(OpenEnum):
    """Whether the finding makes the session more or less risky, or only gives context."""

    INCREASES_RISK = "increases_risk"
    REDUCES_RISK = "reduces_risk"
    CONTEXT = "context"


class SessionHighlightImportance(OpenEnum):
    """Severity of the finding."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@attrs.frozen(kw_only=True, repr=False)
class SessionHighlightEvidence(Model):
    """One signal that a finding rests on.

    Attributes:
        signal: The signal as a stable word for programs.
        name: The signal's name as people see it.
    """

    signal: str
    name: str


@attrs.frozen(kw_only=True, repr=False)
class SessionHighlight(Model):
    """One finding of weight, in words for people.

    Attributes:
        key: The finding as a stable word for programs.
        effect: Whether the finding makes the session more or less risky, or only gives context.
        importance: Severity of the finding.
        summary: The finding as a sentence for people.
        evidence: The signals that the finding rests on.
    """

    key: str
    effect: SessionHighlightEffect
    importance: SessionHighlightImportance
    summary: str
    evidence: tuple[SessionHighlightEvidence, ...] | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionWebBotAuth(Model):
    """Result for a client of Web Bot Auth, with which bots sign their requests.

    Attributes:
        status: The outcome of checking the client's signature; null if unknown.
        domain: The domain that vouches for the client; null if unknown.
    """

    status: str | None
    domain: str | None


class SessionIpVersion(OpenEnum):
    """Whether an address is an IPv4 or an IPv6 address."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class SessionNetworkStatus(OpenEnum):
    """Status of the network analysis."""

    PENDING = "pending"
    READY = "ready"
    SKIPPED = "skipped"
    ERROR = "error"


@attrs.frozen(kw_only=True, repr=False)
class SessionNetworkLocation(Model):
    """Presumed location of an IP address.

    Attributes:
        city: The name of the city; null if unknown.
        region: The name of the region; null if unknown.
        country: The name of the country; null if unknown.
        country_code: The code of the country; null if unknown.
        latitude: The latitude in degrees, north is positive; null if unknown.
        longitude: The longitude in degrees, east is positive; null if unknown.
        timezone: The time zone of the place; null if unknown.
        postal_code: The postal code of the place; null if unknown.
        accuracy_radius_km: Uncertainty of the location, in kilometers; null if unknown.
    """

    city: str | None
    region: str | None
    country: str | None
    country_code: str | None
    latitude: float | None
    longitude: float | None
    timezone: str | None
    postal_code: str | None
    accuracy_radius_km: float | None


@attrs.frozen(kw_only=True, repr=False)
class SessionNetworkRouting(Model):
    """The network operator to which the address belongs.

    Attributes:
        asn: The autonomous system that the address belongs to; null if unknown.
        organization: The organization that runs the autonomous system; null if unknown.
    """

    asn: str | None
    organization: str | None


@attrs.frozen(kw_only=True, repr=False)
class SessionNetworkAnonymity(Model):
    """Whether the address hides who is behind it.

    Attributes:
        vpn: Whether the address belongs to a VPN.
        proxy: Whether the address belongs to a proxy.
        tor: Whether the address belongs to the Tor network.
        relay: Whether the address belongs to a privacy relay.
        hosting: Whether the address belongs to a hosting provider.
        residential_proxy: Whether the address belongs to a proxy on a home connection.
        callback_proxy: Whether the address belongs to a callback proxy.
        provider: The provider of the anonymity service; null if unknown.
    """

    vpn: bool
    proxy: bool
    tor: bool
    relay: bool
    hosting: bool
    residential_proxy: bool
    callback_proxy: bool
    provider: str | None


@attrs.frozen(kw_only=True, repr=False)
class SessionNetworkReputation(Model):
    """Reputation of the IP address.

    Attributes:
        listed: Whether the IP address is on a blocklist.
        categories: Categories of the lists that contain the IP address.
        suspicious_network: Whether the network as a whole is suspicious.
    """

    listed: bool
    categories: tuple[str, ...]
    suspicious_network: bool


@attrs.frozen(kw_only=True, repr=False)
class SessionNetworkEvidence(Model):
    """Basis of the findings.

    Attributes:
        risk_signals: The signals of risk that were found.
        operator_tags: Information about the network's operator.
        client_types: The types of clients seen on the address.
        client_count: Number of clients seen at the IP address; null if unknown.
    """

    risk_signals: tuple[str, ...]
    operator_tags: tuple[str, ...]
    client_types: tuple[str, ...]
    client_count: int | None


@attrs.frozen(kw_only=True, repr=False)
class SessionNetwork(Model):
    """Information about the network that a session came from.

    Attributes:
        ip_address: The address that the visitor came from; null if unknown.
        ip_version: Whether that is an IPv4 or an IPv6 address; null if unknown.
        status: Status of the network analysis.
        summary: The findings in a few words for people; null if there are none.
        location: Presumed location of the IP address; null if unknown.
        routing: The network operator to which the address belongs.
        anonymity: Whether the address hides who is behind it.
        reputation: Reputation of the IP address.
        evidence: Basis of the findings.
        evaluated_at: When the network was analyzed; null if it was not.
    """

    ip_address: str | None
    ip_version: SessionIpVersion | None
    status: SessionNetworkStatus
    summary: str | None
    location: SessionNetworkLocation | None
    routing: SessionNetworkRouting
    anonymity: SessionNetworkAnonymity
    reputation: SessionNetworkReputation
    evidence: SessionNetworkEvidence
    evaluated_at: Timestamp | None


class SessionRuntimeIntegrityLevel(OpenEnum):
    """Strength of the evidence that the browser's functions were changed."""

    CLEAN = "clean"
    NOTICE = "notice"
    ELEVATED = "elevated"
    HIGH_RISK = "high_risk"


@attrs.frozen(kw_only=True, repr=False)
class SessionRuntimeIntegrity(Model):
    """Whether a browser's runtime can be trusted, one aspect at a time.

    Attributes:
        tampering: Strength of the evidence that the browser's functions were changed.
        developer_tools: Strength of the evidence that developer tools are in use.
        emulation: Strength of the evidence that the device is emulated.
        virtualization: Strength of the evidence that the browser runs in a virtual machine.
        privacy_hardening: Strength of the evidence that the browser hides its traits for privacy.
        identity_spoofing: Strength of the evidence that the browser claims to be another.
        replay: Strength of the evidence that recorded data was sent again.
        outdated_environment: Strength of the evidence that the browser or system is out of date.
    """

    tampering: SessionRuntimeIntegrityLevel
    developer_tools: SessionRuntimeIntegrityLevel
    emulation: SessionRuntimeIntegrityLevel
    virtualization: SessionRuntimeIntegrityLevel
    privacy_hardening: SessionRuntimeIntegrityLevel
    identity_spoofing: SessionRuntimeIntegrityLevel
    replay: SessionRuntimeIntegrityLevel
    outdated_environment: SessionRuntimeIntegrityLevel


class SessionNativePlatform(OpenEnum):
    """The mobile platform of the device."""

    IOS = "ios"
    ANDROID = "android"


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeJailbreakOrRoot(Model):
    """Whether a mobile device is jailbroken or rooted.

    Attributes:
        detected: Whether the device seems to be jailbroken or rooted.
        signals: The signals that were found.
        present_paths: The telltale files that exist on the device.
        dyld_insert_libraries: The libraries that were injected through `DYLD_INSERT_LIBRARIES`.
        verified_boot_state: The state of Android's verified boot.
        magisk_mount_present: Whether a mount of Magisk was found.
        su_on_path: Whether the `su` command can be found.
    """

    detected: bool
    signals: tuple[str, ...]
    present_paths: tuple[str, ...] | None = None
    dyld_insert_libraries: tuple[str, ...] | None = None
    verified_boot_state: str | None = None
    magisk_mount_present: bool | None = None
    su_on_path: bool | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeHooks(Model):
    """Whether a mobile app's functions were hooked.

    Attributes:
        detected: Whether any function was found to be hooked.
        frida_ports: The open ports that belong to Frida.
        frida_thread_names: The names of threads that belong to Frida.
        hooked_symbols: The functions that were hooked.
        self_hooked_symbols: The functions that the app itself hooked.
        prologue_anomaly_count: Number of functions with an unusual prologue.
        unexpected_dyld_images: The loaded libraries that were not expected.
        xposed_packages: The installed packages that belong to Xposed.
    """

    detected: bool
    frida_ports: tuple[float, ...] | None = None
    frida_thread_names: tuple[str, ...] | None = None
    hooked_symbols: tuple[str, ...] | None = None
    self_hooked_symbols: tuple[str, ...] | None = None
    prologue_anomaly_count: float | None = None
    unexpected_dyld_images: tuple[str, ...] | None = None
    xposed_packages: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeDebugger(Model):
    """Whether a debugger is attached to a mobile app.

    Attributes:
        attached: Whether a debugger is attached.
        tracer_pid: The id of the process that traces the app.
        breakpoint_count: Number of breakpoints.
        watchpoint_thread_count: Number of threads with watchpoints.
    """

    attached: bool
    tracer_pid: float | None = None
    breakpoint_count: float | None = None
    watchpoint_thread_count: float | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeCodeSigning(Model):
    """Whether a mobile app's code is as it was signed.

    Attributes:
        invalid: Whether the code or its signature seems to have been changed.
        code_sign_valid: Whether the code signature is valid.
        text_integrity_ok: Whether the code in memory is unchanged.
        application_debuggable: Whether the app is marked as debuggable.
        dyld_insert_libraries: The libraries that were injected through `DYLD_INSERT_LIBRARIES`.
    """

    invalid: bool
    code_sign_valid: bool | None = None
    text_integrity_ok: bool | None = None
    application_debuggable: bool | None = None
    dyld_insert_libraries: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeSimulatorOrEmulator(Model):
    """Whether a mobile device is simulated.

    Attributes:
        detected: Whether the device seems to be simulated.
        is_ios_app_on_mac: Whether the iOS app runs on a Mac.
        qemu_files: The telltale files of QEMU that exist on the device.
        ro_hardware: The Android property `ro.hardware`.
        ro_product_model: The Android property `ro.product.model`.
        simulator_env_keys: The environment variables that belong to a simulator.
    """

    detected: bool
    is_ios_app_on_mac: bool | None = None
    qemu_files: tuple[str, ...] | None = None
    ro_hardware: str | None = None
    ro_product_model: str | None = None
    simulator_env_keys: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeHardwareClaimsMismatch(Model):
    """Whether the hardware claims of a device contradict the measurements.

    Attributes:
        detected: Whether the claims contradict the measurements.
        signals: The signals that were found.
    """

    detected: bool
    signals: tuple[str, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeSimPosture(Model):
    """Whether a device's SIM card looks unusual.

    Attributes:
        detected: Whether the SIM card looks unusual.
        signals: The signals that were found.
    """

    detected: bool
    signals: tuple[str, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeAppProvenance(Model):
    """Whether a mobile app seems to come from somewhere unexpected.

    Attributes:
        detected: Whether the app seems to come from somewhere unexpected.
        signals: The signals that were found.
    """

    detected: bool
    signals: tuple[str, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeDebugPosture(Model):
    """Whether a mobile device or app is set up for debugging.

    Attributes:
        detected: Whether the device or app is set up for debugging.
        risk_signals: The signals of risk that were found.
        adb_enabled: Whether the Android debug bridge is on.
        developer_options_enabled: Whether the developer options of the device are on.
        app_debuggable: Whether the app is marked as debuggable.
        app_profileable: Whether the app is marked as profileable.
        app_test_only: Whether the app is marked as for tests only.
        debugger_attached: Whether a debugger is attached to the app.
        get_task_allow: Whether the app is entitled to be debugged (`get-task-allow`).
        embedded_provisioning_profile_present: Whether the app carries a provisioning profile.
        receipt_is_sandbox: Whether the app's receipt comes from the store's sandbox.
        receipt_is_testflight: Whether the app's receipt comes from TestFlight.
        development_bundle: Whether the app is a development build.
        active_debugger_attached: Whether a debugger is at work in the app.
        breakpoint_count: Number of breakpoints.
        exception_port_count: Number of exception ports.
        watchpoint_thread_count: Number of threads with watchpoints.
        tracer_pid: The id of the process that traces the app.
        direct_syscall_tracer_pid: The id of the tracing process, as read by a direct system call.
    """

    detected: bool
    risk_signals: tuple[str, ...]
    adb_enabled: bool | None = None
    developer_options_enabled: bool | None = None
    app_debuggable: bool | None = None
    app_profileable: bool | None = None
    app_test_only: bool | None = None
    debugger_attached: bool | None = None
    get_task_allow: bool | None = None
    embedded_provisioning_profile_present: bool | None = None
    receipt_is_sandbox: bool | None = None
    receipt_is_testflight: bool | None = None
    development_bundle: bool | None = None
    active_debugger_attached: bool | None = None
    breakpoint_count: float | None = None
    exception_port_count: float | None = None
    watchpoint_thread_count: float | None = None
    tracer_pid: float | None = None
    direct_syscall_tracer_pid: float | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeRuntimeIntegrity(Model):
    """Whether a mobile app's runtime can be trusted.

    Attributes:
        platform: The mobile platform of the device.
        jailbreak_or_root: Whether the device is jailbroken or rooted.
        hooks: Whether the app's functions were hooked.
        debugger: Whether a debugger is attached to the app.
        code_signing: Whether the app's code is as it was signed.
        simulator_or_emulator: Whether the device is simulated.
        hardware_claims_mismatch: Whether the hardware claims contradict the measurements.
        sim_posture: Whether the SIM card looks unusual.
        app_provenance: Whether the app seems to come from somewhere unexpected.
        debug_posture: Whether the device or app is set up for debugging.
    """

    platform: SessionNativePlatform
    jailbreak_or_root: SessionNativeJailbreakOrRoot
    hooks: SessionNativeHooks
    debugger: SessionNativeDebugger
    code_signing: SessionNativeCodeSigning
    simulator_or_emulator: SessionNativeSimulatorOrEmulator
    hardware_claims_mismatch: SessionNativeHardwareClaimsMismatch
    sim_posture: SessionNativeSimPosture
    app_provenance: SessionNativeAppProvenance
    debug_posture: SessionNativeDebugPosture


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeApp(Model):
    """The mobile app that a session came from.

    Attributes:
        bundle_id: The id under which the app is published.
        app_version: The version of the app; null if unknown.
        app_build: The build number of the app; null if unknown.
        install_time_epoch_ms: When the app was installed, in milliseconds since 1970; null if
            unknown.
        provisioning_team: The developer team that signed the app; null if unknown.
    """

    bundle_id: str
    app_version: str | None
    app_build: str | None
    install_time_epoch_ms: float | None
    provisioning_team: str | None


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeCarrier(Model):
    """The mobile carrier that a device uses.

    Attributes:
        platform: The mobile platform of the device.
        carrier_name: The name of the carrier; null if unknown.
        country_iso: The ISO code of the carrier's country; null if unknown.
        mcc: The mobile country code; null if unknown.
        mnc: The mobile network code; null if unknown.
        phone_type: The type of the telephone's radio; null if unknown.
        network_type: The type of the mobile network; null if unknown.
        radio_access: The radio technologies in use.
    """

    platform: SessionNativePlatform
    carrier_name: str | None
    country_iso: str | None
    mcc: str | None
    mnc: str | None
    phone_type: str | None
    network_type: str | None
    radio_access: tuple[str, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeMotionAxes(Model):
    """The traits of one motion sensor, along its three axes.

    Attributes:
        bias: The sensor's constant error along each of its three axes.
        noise: The sensor's noise along each of its three axes.
    """

    bias: tuple[float, ...]
    noise: tuple[float, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionNativeMotionPrint(Model):
    """The traits of a device's motion sensors.

    Attributes:
        platform: The mobile platform of the device.
        sample_count: Number of samples.
        gyro: The traits of the gyroscope.
        accel: The traits of the accelerometer.
        mag: The traits of the magnetometer; null if they were not measured.
    """

    platform: SessionNativePlatform
    sample_count: float
    gyro: SessionNativeMotionAxes
    accel: SessionNativeMotionAxes
    mag: SessionNativeMotionAxes | None


class SessionDeviceIdentitySource(OpenEnum):
    """Basis of the match: an attestation, an anchor, an inference, or `new` if there is no basis
    yet.
    """

    ATTESTED = "attested"
    ANCHORED = "anchored"
    INFERRED = "inferred"
    NEW = "new"


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailDeviceIdentityLifecycle(Model):
    """When and how often the device was seen.

    Attributes:
        first_seen_at: When the device was seen first.
        last_seen_at: When the device was seen last.
        seen_count: Number of times the device was seen.
    """

    first_seen_at: Timestamp
    last_seen_at: Timestamp
    seen_count: float


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailDeviceIdentity(Model):
    """The mobile device that a session was matched to.

    Attributes:
        object: Names the kind of this object, always `device_identity`.
        id: The id of the device.
        confidence: Confidence of the match.
        source: Basis of the match: an attestation, an anchor, an inference, or `new` if there is no
            basis yet.
        platform: The mobile platform of the device.
        identified_at: When the match was made.
        lifecycle: When and how often the device was seen.
        matched_anchors: The anchors by which the device was recognized.
    """

    object: Literal["device_identity"]
    id: str
    confidence: float
    source: SessionDeviceIdentitySource
    platform: SessionNativePlatform
    identified_at: Timestamp
    lifecycle: SessionDetailDeviceIdentityLifecycle
    matched_anchors: tuple[str, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailVisitorFingerprintLifecycle(Model):
    """When and how often a session's visitor was seen.

    Attributes:
        first_seen_at: When the visitor was seen first; null if unknown.
        last_seen_at: When the visitor was seen last; null if unknown.
        seen_count: Number of times the visitor was seen; null if unknown.
    """

    first_seen_at: Timestamp | None
    last_seen_at: Timestamp | None
    seen_count: int | None


class VisitorResolutionMethod(OpenEnum):
    """Kind of evidence that ties a session to a visitor."""

    CONTINUITY = "continuity"
    FINGERPRINT = "fingerprint"
    FINGERPRINT_EVOLUTION = "fingerprint_evolution"
    NEW = "new"
    NATIVE_PERSISTENT = "native_persistent"
    NATIVE_NEW = "native_new"
    EXISTING = "existing"
    UNKNOWN = "unknown"


class VisitorResolutionBasis(OpenEnum):
    """Strength of the evidence that ties a session to a visitor."""

    DETERMINISTIC = "deterministic"
    PROBABILISTIC = "probabilistic"


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailVisitorFingerprintResolution(Model):
    """The evidence that ties the session to the visitor.

    Foil only.

    Attributes:
        method: The kind of evidence; null if the session is older than this field.
        basis: The strength of the evidence: `deterministic` for an identifier stored in an earlier
            session, `probabilistic` for a matching fingerprint; null for a new visitor.
    """

    method: VisitorResolutionMethod | None
    basis: VisitorResolutionBasis | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailVisitorFingerprint(Model):
    """The visitor fingerprint that a session was matched to, with its history.

    Attributes:
        object: Names the kind of this object, always `visitor_fingerprint`.
        id: The visitor fingerprint's id, `vid_` and 26 characters.
        confidence: Confidence of the match, from 0 to 100; null if unknown.
        identified_at: When the match was made; null if unknown.
        lifecycle: When and how often the visitor was seen.
        resolution: The evidence that ties the session to the visitor. Foil only.
    """

    object: Literal["visitor_fingerprint"]
    id: FingerprintId
    confidence: int | None
    identified_at: Timestamp | None
    lifecycle: SessionDetailVisitorFingerprintLifecycle
    resolution: SessionDetailVisitorFingerprintResolution | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailRequest(Model):
    """The web request of a session, as part of the session's details.

    Attributes:
        url: The address of the page that was visited.
        referrer: The address of the page that led there; null if unknown.
        user_agent: The browser's `User-Agent` header.
    """

    url: str
    referrer: str | None
    user_agent: str


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceOperatingSystem(Model):
    """The operating system of the device.

    Attributes:
        name: The name of the operating system; null if unknown.
        version: The version of the operating system; null if unknown.
    """

    name: str | None
    version: str | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceScreen(Model):
    """The screen of the device.

    Attributes:
        size: The size of the screen as text; null if unknown.
        color_depth: The number of bits a pixel's color takes; null if unknown.
        pixel_ratio: The number of device pixels to one CSS pixel; null if unknown.
        orientation_type: Screen orientation, such as `portrait-primary`; null if unknown.
    """

    size: str | None
    color_depth: int | None
    pixel_ratio: float | None
    orientation_type: str | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceLocale(Model):
    """The languages and the time zone of the device.

    Attributes:
        timezone: The time zone of the device; null if unknown.
        primary_language: The language that the user prefers; null if unknown.
        languages: The languages that the browser names.
    """

    timezone: str | None
    primary_language: str | None
    languages: tuple[str, ...]


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceCapabilitiesTouch(Model):
    """Whether the device can be touched.

    Attributes:
        available: Whether there is a touch screen; null if unknown.
        max_touch_points: Maximum number of simultaneous touch points; null if unknown.
    """

    available: bool | None
    max_touch_points: int | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceCapabilitiesStorage(Model):
    """Available kinds of storage.

    Attributes:
        cookies: Whether cookies work; null if unknown.
        local_storage: Whether `localStorage` works; null if unknown.
        indexed_db: Whether IndexedDB works; null if unknown.
        service_worker: Whether service workers can be used; null if unknown.
        window_name: Whether `window.name` keeps its value; null if unknown.
    """

    cookies: bool | None
    local_storage: bool | None
    indexed_db: bool | None
    service_worker: bool | None
    window_name: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceCapabilitiesWebgpu(Model):
    """Whether WebGPU can be used.

    Attributes:
        available: Whether the browser offers WebGPU; null if unknown.
    """

    available: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceCapabilitiesPlatformAuthenticator(Model):
    """Whether the device can vouch for its user (WebAuthn).

    Attributes:
        available: Whether there is a platform authenticator; null if unknown.
        conditional_mediation: Whether passkeys can be offered while a form is filled in; null if
            unknown.
    """

    available: bool | None
    conditional_mediation: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceCapabilitiesMediaDevices(Model):
    """Whether cameras and microphones can be used.

    Attributes:
        available: Whether the browser offers media devices; null if unknown.
    """

    available: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceCapabilitiesSpeechSynthesis(Model):
    """Whether the browser can speak.

    Attributes:
        available: Whether the browser offers speech synthesis; null if unknown.
    """

    available: bool | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDeviceCapabilities(Model):
    """Capabilities of the device and its browser.

    Attributes:
        touch: Whether the device can be touched.
        storage: Available kinds of storage.
        webgpu: Whether WebGPU can be used.
        platform_authenticator: Whether the device can vouch for its user (WebAuthn).
        media_devices: Whether cameras and microphones can be used.
        speech_synthesis: Whether the browser can speak.
    """

    touch: SessionDeviceCapabilitiesTouch
    storage: SessionDeviceCapabilitiesStorage
    webgpu: SessionDeviceCapabilitiesWebgpu
    platform_authenticator: SessionDeviceCapabilitiesPlatformAuthenticator
    media_devices: SessionDeviceCapabilitiesMediaDevices
    speech_synthesis: SessionDeviceCapabilitiesSpeechSynthesis


@attrs.frozen(kw_only=True, repr=False)
class SessionDevice(Model):
    """The device that a session came from.

    Attributes:
        form_factor: Device class, such as a desktop computer or a phone.
        operating_system: The operating system of the device.
        architecture: The architecture of the processor; null if unknown.
        screen: The screen of the device.
        locale: The languages and the time zone of the device.
        capabilities: Capabilities of the device and its browser.
    """

    form_factor: str
    operating_system: SessionDeviceOperatingSystem
    architecture: str | None
    screen: SessionDeviceScreen
    locale: SessionDeviceLocale
    capabilities: SessionDeviceCapabilities


@attrs.frozen(kw_only=True, repr=False)
class SessionSignalFired(Model):
    """One signal that fired in a session.

    Attributes:
        signal: The signal as a stable word for programs.
        role: The part that the signal plays in the decision.
        category: The category of evidence that the signal belongs to.
        strength: Strength of the signal as a label.
        signal_score: Strength of the signal, from 0 to 100.
    """

    signal: str
    role: str
    category: str
    strength: str
    signal_score: int


class SessionDetailBehaviorTier(OpenEnum):
    """The level of suspicion."""

    NONE = "none"
    ELEVATED = "elevated"
    HIGH = "high"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailBehaviorAssessment(Model):
    """Overall assessment of how a form was filled.

    Foil only.

    Attributes:
        tier: The level of suspicion.
        findings: The findings as sentences for people.
    """

    tier: SessionDetailBehaviorTier
    findings: tuple[str, ...]


class SessionDetailBehaviorEntryMode(OpenEnum):
    """Input method of the value."""

    TYPED = "typed"
    TYPED_WITH_EDITS = "typed_with_edits"
    TYPED_AND_PASTED = "typed_and_pasted"
    PASTED = "pasted"
    AUTOFILLED = "autofilled"
    PREFILLED = "prefilled"
    CHANGED_WITHOUT_INPUT = "changed_without_input"
    MACHINE_SPEED = "machine_speed"
    SCRIPTED_CADENCE = "scripted_cadence"
    FILLED_INSTANTLY = "filled_instantly"
    CHANGED = "changed"
    VISITED_NO_ENTRY = "visited_no_entry"
    UNKNOWN = "unknown"


class SessionDetailBehaviorTone(OpenEnum):
    """The assessment of the entry."""

    MANUAL = "manual"
    ASSISTED = "assisted"
    NOTICE = "notice"
    RISK = "risk"
    NEUTRAL = "neutral"


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailBehaviorMechanics(Model):
    """The measurements behind the assessment.

    Attributes:
        input_count: The number of input events.
        typed_chars: The number of typed characters.
        paste_count: The number of pastes.
        correction_count: The number of corrections.
        dwell_ms: The time spent in the field, in milliseconds.
        median_interval_ms: The median time between inputs, in milliseconds; null if unknown.
        interval_cv: The coefficient of variation of the time between inputs; null if unknown.
    """

    input_count: float
    typed_chars: float
    paste_count: float
    correction_count: float
    dwell_ms: float
    median_interval_ms: float | None
    interval_cv: float | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailBehaviorField(Model):
    """Input method of one form field.

    Foil only.

    Attributes:
        field_hash: A number that identifies the field.
        display_name: The name of the field as people see it; null if unknown.
        field_role: The role of the field. The set of roles is open.
        entry_mode: Input method of the value.
        tone: The assessment of the entry.
        mechanics: The measurements behind the assessment.
    """

    field_hash: float
    display_name: str | None
    field_role: str
    entry_mode: SessionDetailBehaviorEntryMode
    tone: SessionDetailBehaviorTone
    mechanics: SessionDetailBehaviorMechanics


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailBehaviorCoverage(Model):
    """Coverage of the form by the record.

    Attributes:
        fields_tracked: The number of fields in the record.
        fields_dropped: The number of fields that were left out.
        complete: True if the record covers every field.
    """

    fields_tracked: float
    fields_dropped: float
    complete: bool


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailBehavior(Model):
    """Input methods of the form fields of a session.

    Foil only.

    Attributes:
        assessment: The overall assessment of the behavior.
        fields: The form fields and how each was filled.
        coverage: Coverage of the form by the record.
    """

    assessment: SessionDetailBehaviorAssessment
    fields: tuple[SessionDetailBehaviorField, ...]
    coverage: SessionDetailBehaviorCoverage


@attrs.frozen(kw_only=True, repr=False)
class SessionDetail(Model):
    """A session with all of its evidence.

    Attributes:
        object: Names the kind of this object, always `session`.
        id: The session's id, `sid_` and 26 characters.
        created_at: When the session began; null if unknown.
        client_user_id: The customer's own id of the user behind the session; null if none is
            attached. Foil only.
        decision: Current verdict of Tripwire on the session.
        highlights: The findings that matter most, in words for people.
        web_bot_auth: Result of Web Bot Auth for the client, or null.
        network: Information about the network that the session came from.
        runtime_integrity: Whether the browser's runtime can be trusted.
        native_runtime_integrity: Whether the mobile app's runtime can be trusted; null if there is
            no app.
        native_app: The mobile app of the session, or null.
        native_carrier: The mobile carrier that the device uses; null if unknown.
        native_motion_print: The traits of the device's motion sensors; null if they were not
            measured.
        device_identity: The device that the session was matched to; null if there was no match.
        install_id: The id of the app installation, or null.
        visitor_fingerprint: The visitor fingerprint that the session was matched to; null if there
            was no match.
        connection_fingerprint: TLS and HTTP/2 fingerprints of the client.
        previous_decisions: The decisions that came before the present one.
        request: The web request that the session was seen in.
        browser: The browser that the session came from.
        device: The device that the session came from.
        analysis_coverage: Parts of the session that could be analyzed.
        signals_fired: The signals that fired, with their weight.
        client_telemetry: Detailed properties of the browser.
        behavior: The input method of each form field, with an overall assessment; null unless the
            organization has access, which is off by default. Foil only.
        attribution: Presumed actor behind the session; null if not assessed.
    """

    object: Literal["session"]
    id: SessionId
    created_at: Timestamp | None
    client_user_id: str | None = None
    decision: SessionDetailDecision
    highlights: tuple[SessionHighlight, ...]
    web_bot_auth: SessionWebBotAuth | None
    network: SessionNetwork
    runtime_integrity: SessionRuntimeIntegrity
    native_runtime_integrity: SessionNativeRuntimeIntegrity | None
    native_app: SessionNativeApp | None
    native_carrier: SessionNativeCarrier | None
    native_motion_print: SessionNativeMotionPrint | None
    device_identity: SessionDetailDeviceIdentity | None
    install_id: str | None
    visitor_fingerprint: SessionDetailVisitorFingerprint | None
    connection_fingerprint: SessionConnectionFingerprint
    previous_decisions: tuple[SessionDetailDecision, ...]
    request: SessionDetailRequest
    browser: SessionBrowser
    device: SessionDevice
    analysis_coverage: SessionAnalysisCoverage
    signals_fired: tuple[SessionSignalFired, ...]
    client_telemetry: SessionClientTelemetry
    behavior: SessionDetailBehavior | None = None
    attribution: SessionAttribution | None


@attrs.frozen(kw_only=True, repr=False)
class SessionDetailResponse(Model):
    """Response with one session.

    Attributes:
        data: The session with all of its evidence.
        meta: Metadata of the response: the request id.
    """

    data: SessionDetail
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintLink(Model):
    """The visitor fingerprint that a session was matched to.

    Attributes:
        object: Names the kind of this object, always `visitor_fingerprint`.
        id: The visitor fingerprint's id, `vid_` and 26 characters.
        confidence: Confidence of the match, from 0 to 100; null if unknown.
        identified_at: When the match was made; null if unknown.
    """

    object: Literal["visitor_fingerprint"]
    id: FingerprintId
    confidence: int | None
    identified_at: Timestamp | None


@attrs.frozen(kw_only=True, repr=False)
class SessionSummary(Model):
    """A session with its latest decision, as lists show it.

    Attributes:
        object: Names the kind of this object, always `session`.
        id: The session's id, `sid_` and 26 characters.
        created_at: When the session began; null if unknown.
        client_user_id: The customer's own id of the user behind the session; null if none is
            attached. Foil only.
        latest_decision: Current verdict of Tripwire on the session.
        visitor_fingerprint: The visitor fingerprint that the session was matched to; null if there
            was no match.
    """

    object: Literal["session"]
    id: SessionId
    created_at: Timestamp | None
    client_user_id: str | None = None
    latest_decision: Decision
    visitor_fingerprint: VisitorFingerprintLink | None


@attrs.frozen(kw_only=True, repr=False)
class SessionListResponse(Model):
    """One page of sessions.

    Attributes:
        data: The sessions of this page.
        pagination: Position of the page in the list, and the cursor of the next one.
        meta: Metadata of the response: the request id.
    """

    data: tuple[SessionSummary, ...]
    pagination: CursorPagination
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class UpdateSessionRequest(Model):
    """The changes to a session.

    Foil only.

    Attributes:
        client_user_id: The customer's own id of the user behind the session; null removes it.
    """

    client_user_id: str | None
