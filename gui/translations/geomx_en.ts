<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>geomx::gui::CanvasCommands</name>
    <message numerus="yes">
        <source>Join %n things in a chain</source>
        <translation>
            <numerusform>Join %n thing in a chain</numerusform>
            <numerusform>Join %n things in a chain</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Align %n thing(s)</source>
        <translation>
            <numerusform>Align %n thing</numerusform>
            <numerusform>Align %n things</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::FindingsPanel</name>
    <message numerus="yes">
        <source>%n mistakes in the scenario</source>
        <translation>
            <numerusform>%n mistake in the scenario</numerusform>
            <numerusform>%n mistakes in the scenario</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::Inspector</name>
    <message numerus="yes">
        <source>%n items of different kinds</source>
        <translation>
            <numerusform>%n item of different kinds</numerusform>
            <numerusform>%n items of different kinds</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n links</source>
        <translation>
            <numerusform>%n link</numerusform>
            <numerusform>%n links</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n items</source>
        <translation>
            <numerusform>%n item</numerusform>
            <numerusform>%n items</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::LabSession</name>
    <message numerus="yes">
        <source>%1 has not answered for %n s</source>
        <translation>
            <numerusform>%1 has not answered for %n s</numerusform>
            <numerusform>%1 has not answered for %n s</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::MainWindow</name>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation>
            <numerusform>%n problem</numerusform>
            <numerusform>%n problems</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n data center(s)</source>
        <translation>
            <numerusform>%n data center</numerusform>
            <numerusform>%n data centers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n node(s)</source>
        <translation>
            <numerusform>%n node</numerusform>
            <numerusform>%n nodes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n link(s)</source>
        <translation>
            <numerusform>%n link</numerusform>
            <numerusform>%n links</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n selected</source>
        <translation>
            <numerusform>%n selected</numerusform>
            <numerusform>%n selected</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::Positions</name>
    <message numerus="yes">
        <source>Move %n items</source>
        <translation>
            <numerusform>Move %n item</numerusform>
            <numerusform>Move %n items</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::TopologyModel</name>
    <message numerus="yes">
        <source>Paste %n items</source>
        <translation>
            <numerusform>Paste %n item</numerusform>
            <numerusform>Paste %n items</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n links</source>
        <translation>
            <numerusform>%n link</numerusform>
            <numerusform>%n links</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n items</source>
        <translation>
            <numerusform>%n item</numerusform>
            <numerusform>%n items</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message numerus="yes">
        <source>%n host(s)</source>
        <translation>
            <numerusform>%n host</numerusform>
            <numerusform>%n hosts</numerusform>
        </translation>
    </message>
</context>
</TS>
