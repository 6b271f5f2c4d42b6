<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Canvas</name>
    <message>
        <source>rate trace</source>
        <translation>速率轨迹</translation>
    </message>
    <message>
        <source>bursty loss</source>
        <translation>突发丢包</translation>
    </message>
    <message>
        <source>%1 · loss %2&#xa0;%</source>
        <translation>%1 · 丢包 %2 %</translation>
    </message>
    <message>
        <source>down</source>
        <translation>已断开</translation>
    </message>
    <message numerus="yes">
        <source>%n host(s)</source>
        <translation>
            <numerusform>%n 台主机</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Terminal</name>
    <message>
        <source>No terminal could be opened. In one of your own: %1</source>
        <translation>无法打开终端。请在您自己的终端中运行：%1</translation>
    </message>
</context>
<context>
    <name>geomx::gui::CanvasCommands</name>
    <message>
        <source>Nothing can be added while the file is not valid JSON: correct the text first</source>
        <translation>文件不是有效的 JSON，无法添加：请先改正文本</translation>
    </message>
    <message>
        <source>A link needs two different ends</source>
        <translation>链路需要两个不同的端点</translation>
    </message>
    <message>
        <source>%1 and %2 cannot be joined</source>
        <translation>%1 与 %2 无法连接</translation>
    </message>
    <message>
        <source>Select two data centers or nodes first (Shift+click adds to the selection), or drag from a node&apos;s rim</source>
        <translation>请先选择两个数据中心或节点（Shift+单击可加选），或从节点边缘拖动</translation>
    </message>
    <message numerus="yes">
        <source>Join %n things in a chain</source>
        <translation>
            <numerusform>把 %n 个对象连成一串</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 comes with its data center: change the number of hosts, or its part in the training, in the inspector</source>
        <translation>%1 随数据中心而来：请在检查器中修改主机数量或它在训练中的角色</translation>
    </message>
    <message>
        <source>This</source>
        <translation>它</translation>
    </message>
    <message>
        <source>The clipboard holds nothing that could be pasted here: copy data centers, nodes or links first</source>
        <translation>剪贴板中没有可粘贴的内容：请先复制数据中心、节点或链路</translation>
    </message>
    <message>
        <source>Select three or more things to spread them evenly</source>
        <translation>请选择三个或更多对象以均匀分布</translation>
    </message>
    <message>
        <source>Select two or more things to align them</source>
        <translation>请选择两个或更多对象以对齐</translation>
    </message>
    <message numerus="yes">
        <source>Align %n thing(s)</source>
        <translation>
            <numerusform>对齐 %n 个对象</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::CanvasView</name>
    <message>
        <source>Select one thing to rename it</source>
        <translation>请选择一个对象以重命名</translation>
    </message>
    <message>
        <source>Canvas</source>
        <translation>画布</translation>
    </message>
</context>
<context>
    <name>geomx::gui::FileController</name>
    <message>
        <source>&amp;Close</source>
        <translation>关闭(&amp;C)</translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation>未保存的更改</translation>
    </message>
    <message>
        <source>Save the changes of %1?</source>
        <translation>是否保存对 %1 的更改？</translation>
    </message>
    <message>
        <source>What is not saved is lost.</source>
        <translation>未保存的内容将会丢失。</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新建</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>Open a scenario</source>
        <translation>打开场景</translation>
    </message>
    <message>
        <source>Scenarios (*.json);;All files (*)</source>
        <translation>场景 (*.json);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Import a topology</source>
        <translation>导入拓扑</translation>
    </message>
    <message>
        <source>containerlab and Mininet (*.yml *.yaml *.mn *.json);;All files (*)</source>
        <translation>containerlab 与 Mininet (*.yml *.yaml *.mn *.json);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Imported %1 whole</source>
        <translation>已完整导入 %1</translation>
    </message>
    <message>
        <source>Imported %1; left out or changed: %2</source>
        <translation>已导入 %1；略去或改动：%2</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Saved %1</source>
        <translation>已保存 %1</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Save the scenario</source>
        <translation>保存场景</translation>
    </message>
    <message>
        <source>Scenarios (*.json)</source>
        <translation>场景 (*.json)</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>另存为</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>PNG picture (*.png);;SVG drawing (*.svg);;Mermaid diagram (*.mmd);;Graphviz (*.dot)</source>
        <translation>PNG 图片 (*.png);;SVG 图形 (*.svg);;Mermaid 图 (*.mmd);;Graphviz (*.dot)</translation>
    </message>
    <message>
        <source>Exported %1</source>
        <translation>已导出 %1</translation>
    </message>
    <message>
        <source>%1 has been removed from disk. What is open here is all there is.</source>
        <translation>%1 已从磁盘删除。仅剩此处打开的内容。</translation>
    </message>
    <message>
        <source>&amp;Save it again</source>
        <translation>重新保存(&amp;S)</translation>
    </message>
    <message>
        <source>%1 has been changed by somebody else, and here as well.</source>
        <translation>%1 已被他人修改，此处也有修改。</translation>
    </message>
    <message>
        <source>%1 has been changed by somebody else.</source>
        <translation>%1 已被他人修改。</translation>
    </message>
    <message>
        <source>&amp;Take theirs</source>
        <translation>采用对方的(&amp;T)</translation>
    </message>
    <message>
        <source>Reload</source>
        <translation>重新载入</translation>
    </message>
    <message>
        <source>&amp;Keep mine</source>
        <translation>保留我的(&amp;K)</translation>
    </message>
    <message>
        <source>an unnamed scenario</source>
        <translation>未命名的场景</translation>
    </message>
    <message>
        <source>The editor did not end well while %1 was open. There is a copy of %2.</source>
        <translation>编辑器在打开 %1 时异常退出。有一份 %2 的副本。</translation>
    </message>
    <message>
        <source>&amp;Recover it</source>
        <translation>恢复(&amp;R)</translation>
    </message>
    <message>
        <source>Recover</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>&amp;Discard it</source>
        <translation>丢弃(&amp;D)</translation>
    </message>
</context>
<context>
    <name>geomx::gui::FindingsPanel</name>
    <message>
        <source>Check looks for mistakes in the scenario, Doctor at this machine.</source>
        <translation>“检查”查找场景中的错误，“诊断”查看本机。</translation>
    </message>
    <message>
        <source>Doct&amp;or</source>
        <translation>诊断(&amp;O)</translation>
    </message>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>检查结果</translation>
    </message>
    <message>
        <source>ok</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>note</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Looking at this machine</source>
        <translation>正在查看本机</translation>
    </message>
    <message>
        <source>Checking %1</source>
        <translation>正在检查 %1</translation>
    </message>
    <message>
        <source>Starting %1</source>
        <translation>正在启动 %1</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Labs work here. %1</source>
        <translation>实验可以在本机运行。%1</translation>
    </message>
    <message>
        <source>Labs do not work here. %1</source>
        <translation>实验无法在本机运行。%1</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>The scenario is in order: %1 nodes, %2 links, %3 workers</source>
        <translation>场景无误：%1 个节点，%2 条链路，%3 个工作节点</translation>
    </message>
    <message numerus="yes">
        <source>%n mistakes in the scenario</source>
        <translation>
            <numerusform>场景中有 %n 处错误</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::FragmentEditor</name>
    <message>
        <source>Apply</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>As it is written in the file</source>
        <translation>与文件中的写法一致</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
</context>
<context>
    <name>geomx::gui::Inspector</name>
    <message>
        <source>Scenario %1</source>
        <translation>场景 %1</translation>
    </message>
    <message numerus="yes">
        <source>%n items of different kinds</source>
        <translation>
            <numerusform>%n 个不同类型的对象</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n links</source>
        <translation>
            <numerusform>%n 条链路</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n items</source>
        <translation>
            <numerusform>%n 个对象</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>geomx::gui::InspectorPages</name>
    <message>
        <source>Edit as JSON</source>
        <translation>以 JSON 编辑</translation>
    </message>
    <message>
        <source>JSON</source>
        <translation>JSON</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Takes part in the training</source>
        <translation>参与训练</translation>
    </message>
    <message>
        <source>Remove the training job</source>
        <translation>删除训练任务</translation>
    </message>
    <message>
        <source>Add a training job</source>
        <translation>添加训练任务</translation>
    </message>
    <message>
        <source>Forward</source>
        <translation>正向</translation>
    </message>
    <message>
        <source>Backward</source>
        <translation>反向</translation>
    </message>
    <message>
        <source>Both directions</source>
        <translation>双向</translation>
    </message>
    <message>
        <source>Data center</source>
        <translation>数据中心</translation>
    </message>
    <message>
        <source>LAN</source>
        <translation>局域网</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Scenario</source>
        <translation>场景</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>Expectations</source>
        <translation>期望</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
</context>
<context>
    <name>geomx::gui::LabListDialog</name>
    <message>
        <source>Attach to a lab</source>
        <translation>接入实验</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>取消(&amp;C)</translation>
    </message>
</context>
<context>
    <name>geomx::gui::LabListPanel</name>
    <message>
        <source>&amp;Attach</source>
        <translation>接入(&amp;A)</translation>
    </message>
    <message>
        <source>Lab</source>
        <translation>实验</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Links</source>
        <translation>链路</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>开始于</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Labs that run</source>
        <translation>正在运行的实验</translation>
    </message>
    <message>
        <source>none: left running by &apos;up --detach&apos;</source>
        <translation>无：由 up --detach 保持运行</translation>
    </message>
    <message>
        <source>none: ends with its &apos;up&apos;</source>
        <translation>无：随其 up 命令结束</translation>
    </message>
    <message>
        <source>No lab is running. Up or Run starts one.</source>
        <translation>没有正在运行的实验。“启动”或“运行”可开始一个。</translation>
    </message>
</context>
<context>
    <name>geomx::gui::LabSession</name>
    <message>
        <source>no lab</source>
        <translation>没有实验</translation>
    </message>
    <message>
        <source>connecting to %1</source>
        <translation>正在连接 %1</translation>
    </message>
    <message>
        <source>%1 is running</source>
        <translation>%1 正在运行</translation>
    </message>
    <message>
        <source>connecting to %1 again: %2</source>
        <translation>正在重新连接 %1：%2</translation>
    </message>
    <message>
        <source>%1 is down</source>
        <translation>%1 已结束</translation>
    </message>
    <message numerus="yes">
        <source>%1 has not answered for %n s</source>
        <translation>
            <numerusform>%1 已有 %n 秒没有应答</numerusform>
        </translation>
    </message>
    <message>
        <source>no lab is attached</source>
        <translation>未接入实验</translation>
    </message>
</context>
<context>
    <name>geomx::gui::LinkChartPanel</name>
    <message>
        <source>Link</source>
        <translation>链路</translation>
    </message>
    <message>
        <source>throughput, Mbit/s</source>
        <translation>吞吐量，Mbit/s</translation>
    </message>
    <message>
        <source>queue, KiB</source>
        <translation>队列，KiB</translation>
    </message>
    <message>
        <source>drops per second</source>
        <translation>每秒丢包</translation>
    </message>
    <message>
        <source>delay, ms</source>
        <translation>时延，ms</translation>
    </message>
    <message>
        <source>limit</source>
        <translation>上限</translation>
    </message>
    <message>
        <source>%1 %2 Mbit/s</source>
        <translation>%1 %2 Mbit/s</translation>
    </message>
    <message>
        <source>Nothing is known of a link yet.</source>
        <translation>还没有链路的数据。</translation>
    </message>
    <message>
        <source>limit, round trip %1 ms</source>
        <translation>上限，往返 %1 ms</translation>
    </message>
</context>
<context>
    <name>geomx::gui::LinkEditorPanel</name>
    <message>
        <source>Rate</source>
        <translation>速率</translation>
    </message>
    <message>
        <source>How many bits leave in a second</source>
        <translation>每秒发出的比特数</translation>
    </message>
    <message>
        <source>Delay</source>
        <translation>时延</translation>
    </message>
    <message>
        <source>How long a packet is on its way, in this direction</source>
        <translation>数据包在此方向上的传输时间</translation>
    </message>
    <message>
        <source>Jitter</source>
        <translation>抖动</translation>
    </message>
    <message>
        <source>By how much the delay varies</source>
        <translation>时延的变化幅度</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>丢包</translation>
    </message>
    <message>
        <source>The share of packets that never arrive</source>
        <translation>未到达的数据包比例</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>How much may wait for the rate before packets are dropped</source>
        <translation>丢包之前可以排队等待的数量</translation>
    </message>
    <message>
        <source>C&amp;ut</source>
        <translation>切断(&amp;U)</translation>
    </message>
    <message>
        <source>Link</source>
        <translation>链路</translation>
    </message>
    <message>
        <source>asked</source>
        <translation>请求值</translation>
    </message>
    <message>
        <source>acknowledged</source>
        <translation>确认值</translation>
    </message>
    <message>
        <source>%1. Enter asks the lab for it; nothing or &quot;none&quot; takes it away.</source>
        <translation>%1。按回车向实验请求；留空或 none 表示取消。</translation>
    </message>
    <message>
        <source>What the kernel, or the wire, says that it does</source>
        <translation>内核或线路报告的实际状态</translation>
    </message>
    <message>
        <source>forward</source>
        <translation>正向</translation>
    </message>
    <message>
        <source>backward</source>
        <translation>反向</translation>
    </message>
    <message>
        <source>no lab is attached</source>
        <translation>未接入实验</translation>
    </message>
    <message>
        <source>unshaped</source>
        <translation>未整形</translation>
    </message>
    <message>
        <source>in force: %1</source>
        <translation>生效：%1</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>up, by %1</source>
        <translation>已连通，由 %1 整形</translation>
    </message>
    <message>
        <source>cut</source>
        <translation>已切断</translation>
    </message>
    <message>
        <source>&amp;Heal</source>
        <translation>恢复(&amp;H)</translation>
    </message>
    <message>
        <source>Nothing passes any more, in both directions, until it is healed</source>
        <translation>双向都不再通过任何数据，直到恢复</translation>
    </message>
    <message>
        <source>Packets pass again</source>
        <translation>数据包重新通过</translation>
    </message>
    <message>
        <source>asking...</source>
        <translation>正在请求……</translation>
    </message>
    <message>
        <source>%1: %2 is in force</source>
        <translation>%1：%2 已生效</translation>
    </message>
    <message>
        <source>%1 was refused: %2</source>
        <translation>%1 被拒绝：%2</translation>
    </message>
    <message>
        <source>%1 was asked, and no answer came: %2</source>
        <translation>已请求 %1，但没有应答：%2</translation>
    </message>
    <message>
        <source>for example %1</source>
        <translation>例如 %1</translation>
    </message>
    <message>
        <source>&amp;Both directions alike</source>
        <translation>两个方向相同(&amp;B)</translation>
    </message>
    <message>
        <source>What is asked for one direction is asked for the other as well</source>
        <translation>对一个方向的要求也用于另一个方向</translation>
    </message>
</context>
<context>
    <name>geomx::gui::ListEditor</name>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Adds one at the end</source>
        <translation>在末尾添加一项</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Removes the chosen one</source>
        <translation>删除所选项</translation>
    </message>
    <message>
        <source>Moves the chosen one up</source>
        <translation>把所选项上移</translation>
    </message>
    <message>
        <source>Moves the chosen one down</source>
        <translation>把所选项下移</translation>
    </message>
</context>
<context>
    <name>geomx::gui::LogPanel</name>
    <message>
        <source>Fo&amp;llow</source>
        <translation>跟随(&amp;L)</translation>
    </message>
    <message>
        <source>all nodes</source>
        <translation>所有节点</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Show only lines that contain...</source>
        <translation>只显示包含以下内容的行……</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>Keep the latest line in sight</source>
        <translation>始终显示最新一行</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>No run is attached.</source>
        <translation>未接入运行。</translation>
    </message>
    <message>
        <source>Nothing has been printed yet.</source>
        <translation>还没有输出。</translation>
    </message>
</context>
<context>
    <name>geomx::gui::MainWindow</name>
    <message>
        <source>&amp;New</source>
        <translation>新建(&amp;N)</translation>
    </message>
    <message>
        <source>Begin with an empty network</source>
        <translation>从空网络开始</translation>
    </message>
    <message>
        <source>New from a &amp;template...</source>
        <translation>从模板新建(&amp;T)……</translation>
    </message>
    <message>
        <source>Begin with a network by recipe: a star, a ring, a real WAN</source>
        <translation>按模板开始一个网络：星形、环形或真实的广域网</translation>
    </message>
    <message>
        <source>Ctrl+Shift+N</source>
        <translation>Ctrl+Shift+N</translation>
    </message>
    <message>
        <source>&amp;Open...</source>
        <translation>打开(&amp;O)……</translation>
    </message>
    <message>
        <source>Open a scenario file</source>
        <translation>打开场景文件</translation>
    </message>
    <message>
        <source>&amp;Import...</source>
        <translation>导入(&amp;I)……</translation>
    </message>
    <message>
        <source>Take over a topology of containerlab or of Mininet&apos;s MiniEdit</source>
        <translation>导入 containerlab 或 Mininet MiniEdit 的拓扑</translation>
    </message>
    <message>
        <source>Ctrl+Shift+I</source>
        <translation>Ctrl+Shift+I</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>保存(&amp;S)</translation>
    </message>
    <message>
        <source>Write the scenario to its file</source>
        <translation>把场景写入其文件</translation>
    </message>
    <message>
        <source>Save &amp;as...</source>
        <translation>另存为(&amp;A)……</translation>
    </message>
    <message>
        <source>Write the scenario to another file</source>
        <translation>把场景写入另一个文件</translation>
    </message>
    <message>
        <source>Ctrl+Shift+S</source>
        <translation>Ctrl+Shift+S</translation>
    </message>
    <message>
        <source>&amp;Export...</source>
        <translation>导出(&amp;E)……</translation>
    </message>
    <message>
        <source>Write the drawing as a PNG or SVG picture, or as a Mermaid diagram</source>
        <translation>把图导出为 PNG、SVG 图片或 Mermaid 图</translation>
    </message>
    <message>
        <source>Ctrl+E</source>
        <translation>Ctrl+E</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>Close the editor; labs that run go on</source>
        <translation>关闭编辑器；正在运行的实验继续</translation>
    </message>
    <message>
        <source>Ctrl+Q</source>
        <translation>Ctrl+Q</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>重做(&amp;R)</translation>
    </message>
    <message>
        <source>Take the last step back</source>
        <translation>撤回上一步</translation>
    </message>
    <message>
        <source>Do again what was taken back</source>
        <translation>重做撤回的一步</translation>
    </message>
    <message>
        <source>Ctrl+Shift+Z</source>
        <translation>Ctrl+Shift+Z</translation>
    </message>
    <message>
        <source>Ctrl+Y</source>
        <translation>Ctrl+Y</translation>
    </message>
    <message>
        <source>Cu&amp;t</source>
        <translation>剪切(&amp;T)</translation>
    </message>
    <message>
        <source>Move what is selected to the clipboard</source>
        <translation>把所选内容移到剪贴板</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>复制(&amp;C)</translation>
    </message>
    <message>
        <source>Copy what is selected, with the links among it</source>
        <translation>复制所选内容及其间的链路</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>粘贴(&amp;P)</translation>
    </message>
    <message>
        <source>Put the clipboard&apos;s network into this one, under new names</source>
        <translation>以新名称把剪贴板中的网络放入此网络</translation>
    </message>
    <message>
        <source>&amp;Duplicate</source>
        <translation>创建副本(&amp;D)</translation>
    </message>
    <message>
        <source>Put a copy beside what is selected</source>
        <translation>在所选内容旁放一份副本</translation>
    </message>
    <message>
        <source>Ctrl+D</source>
        <translation>Ctrl+D</translation>
    </message>
    <message>
        <source>De&amp;lete</source>
        <translation>删除(&amp;L)</translation>
    </message>
    <message>
        <source>Remove what is selected, and links that end there</source>
        <translation>删除所选内容及以其为端点的链路</translation>
    </message>
    <message>
        <source>Re&amp;name</source>
        <translation>重命名(&amp;N)</translation>
    </message>
    <message>
        <source>Another name for what is selected; whatever names it follows</source>
        <translation>为所选内容改名；所有引用随之更新</translation>
    </message>
    <message>
        <source>F2</source>
        <translation>F2</translation>
    </message>
    <message>
        <source>&amp;Join by links</source>
        <translation>用链路连接(&amp;J)</translation>
    </message>
    <message>
        <source>Draw links between the selected things, one after the other</source>
        <translation>依次在所选对象之间画链路</translation>
    </message>
    <message>
        <source>Ctrl+L</source>
        <translation>Ctrl+L</translation>
    </message>
    <message>
        <source>Select &amp;all</source>
        <translation>全选(&amp;A)</translation>
    </message>
    <message>
        <source>Select everything that is drawn</source>
        <translation>选择画布上的全部对象</translation>
    </message>
    <message>
        <source>&amp;Find...</source>
        <translation>查找(&amp;F)……</translation>
    </message>
    <message>
        <source>Look for a node or link by its name</source>
        <translation>按名称查找节点或链路</translation>
    </message>
    <message>
        <source>P&amp;roperties</source>
        <translation>属性(&amp;R)</translation>
    </message>
    <message>
        <source>Everything about what is selected, in the inspector</source>
        <translation>在检查器中查看所选内容的全部属性</translation>
    </message>
    <message>
        <source>Ctrl+I</source>
        <translation>Ctrl+I</translation>
    </message>
    <message>
        <source>&amp;Left edges</source>
        <translation>左边缘(&amp;L)</translation>
    </message>
    <message>
        <source>Put the selected things&apos; left edges in line</source>
        <translation>对齐所选对象的左边缘</translation>
    </message>
    <message>
        <source>&amp;Centers</source>
        <translation>水平居中(&amp;C)</translation>
    </message>
    <message>
        <source>Put the selected things one below the other</source>
        <translation>让所选对象上下对齐</translation>
    </message>
    <message>
        <source>&amp;Right edges</source>
        <translation>右边缘(&amp;R)</translation>
    </message>
    <message>
        <source>Put the selected things&apos; right edges in line</source>
        <translation>对齐所选对象的右边缘</translation>
    </message>
    <message>
        <source>&amp;Top edges</source>
        <translation>上边缘(&amp;T)</translation>
    </message>
    <message>
        <source>Put the selected things&apos; top edges in line</source>
        <translation>对齐所选对象的上边缘</translation>
    </message>
    <message>
        <source>&amp;Middles</source>
        <translation>垂直居中(&amp;M)</translation>
    </message>
    <message>
        <source>Put the selected things side by side</source>
        <translation>让所选对象左右对齐</translation>
    </message>
    <message>
        <source>&amp;Bottom edges</source>
        <translation>下边缘(&amp;B)</translation>
    </message>
    <message>
        <source>Put the selected things&apos; bottom edges in line</source>
        <translation>对齐所选对象的下边缘</translation>
    </message>
    <message>
        <source>Spread &amp;across</source>
        <translation>水平均布(&amp;A)</translation>
    </message>
    <message>
        <source>Make the gaps from left to right equal</source>
        <translation>使左右间距相等</translation>
    </message>
    <message>
        <source>Spread &amp;down</source>
        <translation>垂直均布(&amp;D)</translation>
    </message>
    <message>
        <source>Make the gaps from top to bottom equal</source>
        <translation>使上下间距相等</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>放大(&amp;I)</translation>
    </message>
    <message>
        <source>Look closer</source>
        <translation>看得更近</translation>
    </message>
    <message>
        <source>Ctrl++</source>
        <translation>Ctrl++</translation>
    </message>
    <message>
        <source>Ctrl+=</source>
        <translation>Ctrl+=</translation>
    </message>
    <message>
        <source>Zoom &amp;out</source>
        <translation>缩小(&amp;O)</translation>
    </message>
    <message>
        <source>See more of the network</source>
        <translation>看到更多网络</translation>
    </message>
    <message>
        <source>Ctrl+-</source>
        <translation>Ctrl+-</translation>
    </message>
    <message>
        <source>&amp;Fit all</source>
        <translation>适合全部(&amp;F)</translation>
    </message>
    <message>
        <source>Show the whole network</source>
        <translation>显示整个网络</translation>
    </message>
    <message>
        <source>Ctrl+0</source>
        <translation>Ctrl+0</translation>
    </message>
    <message>
        <source>&amp;Actual size</source>
        <translation>实际大小(&amp;A)</translation>
    </message>
    <message>
        <source>Show it at 100 %</source>
        <translation>以 100 % 显示</translation>
    </message>
    <message>
        <source>Ctrl+1</source>
        <translation>Ctrl+1</translation>
    </message>
    <message>
        <source>Fit the &amp;selection</source>
        <translation>适合所选(&amp;S)</translation>
    </message>
    <message>
        <source>Show what is selected as large as there is room</source>
        <translation>尽量放大显示所选内容</translation>
    </message>
    <message>
        <source>Ctrl+2</source>
        <translation>Ctrl+2</translation>
    </message>
    <message>
        <source>By &amp;forces</source>
        <translation>力导向(&amp;F)</translation>
    </message>
    <message>
        <source>Links pull, things push: neighbours end up near each other</source>
        <translation>链路相吸、对象相斥：相邻者彼此靠近</translation>
    </message>
    <message>
        <source>Ctrl+Alt+F</source>
        <translation>Ctrl+Alt+F</translation>
    </message>
    <message>
        <source>In a &amp;circle</source>
        <translation>环形(&amp;C)</translation>
    </message>
    <message>
        <source>All on one circle, neighbours side by side</source>
        <translation>全部排成一圈，相邻者并列</translation>
    </message>
    <message>
        <source>Ctrl+Alt+C</source>
        <translation>Ctrl+Alt+C</translation>
    </message>
    <message>
        <source>As a &amp;tree</source>
        <translation>树形(&amp;T)</translation>
    </message>
    <message>
        <source>In layers, from the middle of the network down</source>
        <translation>从网络中心向下分层</translation>
    </message>
    <message>
        <source>Ctrl+Alt+T</source>
        <translation>Ctrl+Alt+T</translation>
    </message>
    <message>
        <source>On the &amp;map</source>
        <translation>按地图(&amp;M)</translation>
    </message>
    <message>
        <source>Where they are on earth, by latitude and longitude</source>
        <translation>按经纬度放在地图上的位置</translation>
    </message>
    <message>
        <source>Ctrl+Alt+M</source>
        <translation>Ctrl+Alt+M</translation>
    </message>
    <message>
        <source>&amp;Collapse</source>
        <translation>折叠(&amp;C)</translation>
    </message>
    <message>
        <source>Draw the selected data centers as one tile each, without their hosts</source>
        <translation>把所选数据中心各画成一块，不显示主机</translation>
    </message>
    <message>
        <source>Ctrl+Shift+-</source>
        <translation>Ctrl+Shift+-</translation>
    </message>
    <message>
        <source>&amp;Expand</source>
        <translation>展开(&amp;E)</translation>
    </message>
    <message>
        <source>Draw the hosts of the selected data centers</source>
        <translation>显示所选数据中心的主机</translation>
    </message>
    <message>
        <source>Ctrl+Shift++</source>
        <translation>Ctrl+Shift++</translation>
    </message>
    <message>
        <source>Collapse a&amp;ll</source>
        <translation>全部折叠(&amp;L)</translation>
    </message>
    <message>
        <source>Draw every data center as one tile</source>
        <translation>把每个数据中心画成一块</translation>
    </message>
    <message>
        <source>Expand all</source>
        <translation>全部展开</translation>
    </message>
    <message>
        <source>Draw the hosts of every data center</source>
        <translation>显示每个数据中心的主机</translation>
    </message>
    <message>
        <source>&amp;Dark theme</source>
        <translation>深色主题(&amp;D)</translation>
    </message>
    <message>
        <source>Light lines on a dark ground</source>
        <translation>深色背景，浅色线条</translation>
    </message>
    <message>
        <source>Ctrl+Alt+D</source>
        <translation>Ctrl+Alt+D</translation>
    </message>
    <message>
        <source>&amp;Presentation mode</source>
        <translation>演示模式(&amp;P)</translation>
    </message>
    <message>
        <source>For the projector: large type and full contrast</source>
        <translation>适合投影：大字号、高对比度</translation>
    </message>
    <message>
        <source>F5</source>
        <translation>F5</translation>
    </message>
    <message>
        <source>Next pane</source>
        <translation>下一窗格</translation>
    </message>
    <message>
        <source>Move the keyboard to the next pane</source>
        <translation>把键盘焦点移到下一窗格</translation>
    </message>
    <message>
        <source>F6</source>
        <translation>F6</translation>
    </message>
    <message>
        <source>Previous pane</source>
        <translation>上一窗格</translation>
    </message>
    <message>
        <source>Move the keyboard to the pane before</source>
        <translation>把键盘焦点移到上一窗格</translation>
    </message>
    <message>
        <source>Shift+F6</source>
        <translation>Shift+F6</translation>
    </message>
    <message>
        <source>Palette</source>
        <translation>元件面板</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>Inspector</source>
        <translation>检查器</translation>
    </message>
    <message>
        <source>Live link</source>
        <translation>实时链路</translation>
    </message>
    <message>
        <source>Live node</source>
        <translation>实时节点</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>检查结果</translation>
    </message>
    <message>
        <source>Link over time</source>
        <translation>链路曲线</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Timeline</source>
        <translation>时间线</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>What it does</source>
        <translation>作用</translation>
    </message>
    <message>
        <source>Tab</source>
        <translation>Tab</translation>
    </message>
    <message>
        <source>On the canvas: select the next thing</source>
        <translation>在画布上：选择下一个对象</translation>
    </message>
    <message>
        <source>Arrows</source>
        <translation>方向键</translation>
    </message>
    <message>
        <source>Move what is selected (Shift: further); with nothing selected, pan</source>
        <translation>移动所选内容（Shift：移得更远）；未选择时平移</translation>
    </message>
    <message>
        <source>Space + drag</source>
        <translation>空格 + 拖动</translation>
    </message>
    <message>
        <source>Pan</source>
        <translation>平移</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>滚轮</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Give up what is under way, or select nothing</source>
        <translation>放弃当前操作，或取消选择</translation>
    </message>
    <message>
        <source>&amp;Tour</source>
        <translation>导览(&amp;T)</translation>
    </message>
    <message>
        <source>The window in six steps</source>
        <translation>用六步了解窗口</translation>
    </message>
    <message>
        <source>&amp;Keys</source>
        <translation>按键(&amp;K)</translation>
    </message>
    <message>
        <source>Everything that the keyboard does</source>
        <translation>键盘的全部功能</translation>
    </message>
    <message>
        <source>Ctrl+F1</source>
        <translation>Ctrl+F1</translation>
    </message>
    <message>
        <source>&amp;About GeoMX-Emu</source>
        <translation>关于 GeoMX-Emu(&amp;A)</translation>
    </message>
    <message>
        <source>Which version this is</source>
        <translation>查看版本</translation>
    </message>
    <message>
        <source>About GeoMX-Emu</source>
        <translation>关于 GeoMX-Emu</translation>
    </message>
    <message>
        <source>GeoMX-Emu %1</source>
        <translation>GeoMX-Emu %1</translation>
    </message>
    <message>
        <source>Draw a wide-area network of data centers, run it on this machine with the kernel&apos;s own network, and watch a model train across it.</source>
        <translation>画出由数据中心组成的广域网，用内核自身的网络在本机运行，并观察模型跨网训练。</translation>
    </message>
    <message>
        <source>About &amp;Qt</source>
        <translation>关于 Qt(&amp;Q)</translation>
    </message>
    <message>
        <source>The library that draws this window</source>
        <translation>绘制此窗口的库</translation>
    </message>
    <message>
        <source>What a network is made of</source>
        <translation>网络由什么组成</translation>
    </message>
    <message>
        <source>Drag a data center onto the canvas; it brings a gateway and a LAN along. Hosts dropped into it join its LAN; routers and switches on the open canvas build anything else.</source>
        <translation>把数据中心拖到画布上，它自带网关和局域网。拖入其中的主机加入其局域网；用画布上的路由器和交换机可搭建任何其他网络。</translation>
    </message>
    <message>
        <source>Draw the network</source>
        <translation>画出网络</translation>
    </message>
    <message>
        <source>Drag from the rim of one thing to another: that is a link. Drag things to move them, and from an empty place to select several. The wheel zooms, the middle button pans. Every step can be undone.</source>
        <translation>从一个对象的边缘拖到另一个对象，就是一条链路。拖动对象可移动它，从空白处拖动可选择多个。滚轮缩放，中键平移。每一步都可以撤销。</translation>
    </message>
    <message>
        <source>Say what links are like</source>
        <translation>设定链路</translation>
    </message>
    <message>
        <source>Select a link and type its rate, delay and loss as you would write them: 100Mbit, 30ms, 0.1%. What cannot be is marked where it stands, and never reaches the file.</source>
        <translation>选择一条链路，像平常书写那样输入速率、时延和丢包：100Mbit、30ms、0.1%。无效的值会在原处标出，绝不会写入文件。</translation>
    </message>
    <message>
        <source>Run it</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Check looks for mistakes, Up builds the network, Run trains in it. A lab that a terminal has started can be attached to as well.</source>
        <translation>“检查”查找错误，“启动”搭建网络，“运行”在其中训练。也可以接入由终端启动的实验。</translation>
    </message>
    <message>
        <source>Watch it, and change it</source>
        <translation>观察并改变它</translation>
    </message>
    <message>
        <source>Links show how much they carry, charts how the training goes. Change a rate, cut a link, kill a node while everything runs: the network follows at once.</source>
        <translation>链路显示其流量，图表显示训练进展。运行中可以改变速率、切断链路、终止节点：网络立即随之变化。</translation>
    </message>
    <message>
        <source>The file is all there is</source>
        <translation>文件就是一切</translation>
    </message>
    <message>
        <source>What you draw is a scenario file, the same that geomx-emu reads. Save it, diff it, share it. New from a template has whole networks to begin with; Keys in this menu lists every key.</source>
        <translation>您所画的就是场景文件，与 geomx-emu 读取的完全相同。可以保存、比较和分享。“从模板新建”提供现成的网络；此菜单中的“按键”列出所有快捷键。</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>最近打开(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>Ali&amp;gn</source>
        <translation>对齐(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>Arran&amp;ge</source>
        <translation>排列(&amp;G)</translation>
    </message>
    <message>
        <source>Pa&amp;nes</source>
        <translation>窗格(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>运行(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>&amp;Forget them</source>
        <translation>清空列表(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Check</source>
        <translation>检查(&amp;C)</translation>
    </message>
    <message>
        <source>Look for mistakes in the scenario; nothing is made</source>
        <translation>查找场景中的错误；不创建任何东西</translation>
    </message>
    <message>
        <source>F7</source>
        <translation>F7</translation>
    </message>
    <message>
        <source>Doct&amp;or</source>
        <translation>诊断(&amp;O)</translation>
    </message>
    <message>
        <source>What this machine can do, and what to do about what it cannot</source>
        <translation>本机能做什么，以及如何解决不能做的</translation>
    </message>
    <message>
        <source>&amp;Up</source>
        <translation>启动(&amp;U)</translation>
    </message>
    <message>
        <source>Build the network without its job, and leave it running</source>
        <translation>只搭建网络而不运行任务，并保持运行</translation>
    </message>
    <message>
        <source>F8</source>
        <translation>F8</translation>
    </message>
    <message>
        <source>Build the network, run the job in it, and say what came of it</source>
        <translation>搭建网络，在其中运行任务，并给出结果</translation>
    </message>
    <message>
        <source>F9</source>
        <translation>F9</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>停止(&amp;S)</translation>
    </message>
    <message>
        <source>End the run as Ctrl-C in a terminal does; its results so far are kept</source>
        <translation>像终端中的 Ctrl-C 那样结束运行；保留已有结果</translation>
    </message>
    <message>
        <source>Shift+F9</source>
        <translation>Shift+F9</translation>
    </message>
    <message>
        <source>&amp;Down</source>
        <translation>拆除(&amp;D)</translation>
    </message>
    <message>
        <source>End the lab that is attached, and all that runs in it</source>
        <translation>结束已接入的实验及其中运行的一切</translation>
    </message>
    <message>
        <source>Shift+F8</source>
        <translation>Shift+F8</translation>
    </message>
    <message>
        <source>&amp;Attach...</source>
        <translation>接入(&amp;A)……</translation>
    </message>
    <message>
        <source>Watch and change a lab that is running already</source>
        <translation>观察并更改已在运行的实验</translation>
    </message>
    <message>
        <source>Ctrl+Shift+A</source>
        <translation>Ctrl+Shift+A</translation>
    </message>
    <message>
        <source>D&amp;etach</source>
        <translation>脱离(&amp;E)</translation>
    </message>
    <message>
        <source>Stop watching; the lab and its run go on</source>
        <translation>停止观察；实验及其运行继续</translation>
    </message>
    <message>
        <source>Open a run &amp;folder...</source>
        <translation>打开运行文件夹(&amp;F)……</translation>
    </message>
    <message>
        <source>Look at the charts and logs of an old run</source>
        <translation>查看以往运行的图表和日志</translation>
    </message>
    <message>
        <source>Open a run folder</source>
        <translation>打开运行文件夹</translation>
    </message>
    <message>
        <source>Cut or &amp;heal the link</source>
        <translation>切断或恢复链路(&amp;H)</translation>
    </message>
    <message>
        <source>The selected link loses every packet until it is healed</source>
        <translation>所选链路丢弃所有数据包，直到恢复</translation>
    </message>
    <message>
        <source>Ctrl+K</source>
        <translation>Ctrl+K</translation>
    </message>
    <message>
        <source>&amp;Kill the node</source>
        <translation>终止节点(&amp;K)</translation>
    </message>
    <message>
        <source>End every process of the selected node at once, as a power cut does</source>
        <translation>像断电一样立即结束所选节点的所有进程</translation>
    </message>
    <message>
        <source>Res&amp;tart the node</source>
        <translation>重启节点(&amp;T)</translation>
    </message>
    <message>
        <source>Start the selected node&apos;s processes again</source>
        <translation>重新启动所选节点的进程</translation>
    </message>
    <message>
        <source>&amp;Pause the node</source>
        <translation>暂停节点(&amp;P)</translation>
    </message>
    <message>
        <source>Stop the selected node&apos;s processes where they are</source>
        <translation>让所选节点的进程停在原处</translation>
    </message>
    <message>
        <source>Resu&amp;me the node</source>
        <translation>继续节点(&amp;M)</translation>
    </message>
    <message>
        <source>Let a paused node&apos;s processes go on</source>
        <translation>让已暂停节点的进程继续</translation>
    </message>
    <message>
        <source>Open a ter&amp;minal</source>
        <translation>打开终端(&amp;M)</translation>
    </message>
    <message>
        <source>A shell inside the selected node</source>
        <translation>所选节点内的命令行</translation>
    </message>
    <message>
        <source>Ctrl+T</source>
        <translation>Ctrl+T</translation>
    </message>
    <message>
        <source>%1: %2 was refused: %3</source>
        <translation>%1：%2 被拒绝：%3</translation>
    </message>
    <message>
        <source>%1: no answer to %2; it may have been done</source>
        <translation>%1：%2 没有应答；可能已执行</translation>
    </message>
    <message>
        <source>The scenario has problems, which the list names: correct them first</source>
        <translation>场景存在问题，见列表：请先改正</translation>
    </message>
    <message>
        <source>This is the network of lab %1 as it runs; saving makes a file of it</source>
        <translation>这是实验 %1 运行中的网络；保存即成为文件</translation>
    </message>
    <message>
        <source>Drag a data center from the left onto this canvas, or press Ctrl+Shift+D.
Draw links by dragging from the rim of one thing to another.
File → New from a template has whole networks.</source>
        <translation>从左侧把数据中心拖到画布上，或按 Ctrl+Shift+D。
从一个对象的边缘拖到另一个对象即可画链路。
“文件 → 从模板新建”提供现成的网络。</translation>
    </message>
    <message>
        <source>No problems</source>
        <translation>没有问题</translation>
    </message>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation>
            <numerusform>%n 个问题</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n data center(s)</source>
        <translation>
            <numerusform>%n 个数据中心</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n node(s)</source>
        <translation>
            <numerusform>%n 个节点</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n link(s)</source>
        <translation>
            <numerusform>%n 条链路</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n selected</source>
        <translation>
            <numerusform>已选 %n 个</numerusform>
        </translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
</context>
<context>
    <name>geomx::gui::MiniMap</name>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>The whole drawing. Click or drag to look elsewhere.</source>
        <translation>整张图。单击或拖动可查看其他位置。</translation>
    </message>
</context>
<context>
    <name>geomx::gui::NodePanel</name>
    <message>
        <source>&amp;Kill</source>
        <translation>终止(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Restart</source>
        <translation>重启(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>暂停(&amp;P)</translation>
    </message>
    <message>
        <source>Res&amp;ume</source>
        <translation>继续(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Terminal</source>
        <translation>终端(&amp;T)</translation>
    </message>
    <message>
        <source>All its processes end at once and its interfaces go down, as when a machine loses its power</source>
        <translation>它的所有进程立即结束，接口断开，如同机器断电</translation>
    </message>
    <message>
        <source>Its interfaces come up again, and its start command runs anew</source>
        <translation>接口重新连通，并重新运行其启动命令</translation>
    </message>
    <message>
        <source>Its processes stand still; its interfaces stay up</source>
        <translation>进程停住；接口保持连通</translation>
    </message>
    <message>
        <source>Its processes go on where they stood still</source>
        <translation>进程从停住的地方继续</translation>
    </message>
    <message>
        <source>A shell inside the node: geomx-emu shell</source>
        <translation>节点内的命令行：geomx-emu shell</translation>
    </message>
    <message>
        <source>&amp;Node</source>
        <translation>节点(&amp;N)</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>%1 was refused: %2</source>
        <translation>%1 被拒绝：%2</translation>
    </message>
    <message>
        <source>%1 was asked, and no answer came: %2</source>
        <translation>已请求 %1，但没有应答：%2</translation>
    </message>
    <message>
        <source>no lab is attached</source>
        <translation>未接入实验</translation>
    </message>
    <message>
        <source>killed</source>
        <translation>已终止</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>running</source>
        <translation>运行中</translation>
    </message>
</context>
<context>
    <name>geomx::gui::PalettePanel</name>
    <message>
        <source>Data center</source>
        <translation>数据中心</translation>
    </message>
    <message>
        <source>A data center: a site with a gateway, a LAN switch and hosts. Links between data centers are the WAN.</source>
        <translation>数据中心：带有网关、局域网交换机和主机的站点。数据中心之间的链路就是广域网。</translation>
    </message>
    <message>
        <source>Ctrl+Shift+D</source>
        <translation>Ctrl+Shift+D</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>A host: a machine on which programs run, with a network stack of its own.</source>
        <translation>主机：运行程序的机器，有自己的网络协议栈。</translation>
    </message>
    <message>
        <source>Ctrl+Shift+H</source>
        <translation>Ctrl+Shift+H</translation>
    </message>
    <message>
        <source>Router</source>
        <translation>路由器</translation>
    </message>
    <message>
        <source>A router: passes packets on between networks, by the shortest path.</source>
        <translation>路由器：沿最短路径在网络之间转发数据包。</translation>
    </message>
    <message>
        <source>Ctrl+Shift+R</source>
        <translation>Ctrl+Shift+R</translation>
    </message>
    <message>
        <source>Switch</source>
        <translation>交换机</translation>
    </message>
    <message>
        <source>A switch: joins hosts into one local network, without addresses of its own.</source>
        <translation>交换机：把主机连成一个局域网，自身没有地址。</translation>
    </message>
    <message>
        <source>Ctrl+Shift+W</source>
        <translation>Ctrl+Shift+W</translation>
    </message>
    <message>
        <source>%1 Drag it onto the canvas, or click. (%2)</source>
        <translation>%1 拖到画布上，或单击。（%2）</translation>
    </message>
</context>
<context>
    <name>geomx::gui::Positions</name>
    <message>
        <source>Move %1</source>
        <translation>移动 %1</translation>
    </message>
    <message numerus="yes">
        <source>Move %n items</source>
        <translation>
            <numerusform>移动 %n 个对象</numerusform>
        </translation>
    </message>
    <message>
        <source>Arrange in a circle</source>
        <translation>环形排列</translation>
    </message>
    <message>
        <source>Arrange as a tree</source>
        <translation>树形排列</translation>
    </message>
    <message>
        <source>Arrange on the map</source>
        <translation>按地图排列</translation>
    </message>
    <message>
        <source>Arrange by forces</source>
        <translation>力导向排列</translation>
    </message>
</context>
<context>
    <name>geomx::gui::ProblemsPanel</name>
    <message>
        <source>Problem</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>如何处理</translation>
    </message>
    <message>
        <source>About</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>行</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>问题</translation>
    </message>
</context>
<context>
    <name>geomx::gui::Property</name>
    <message>
        <source>Rate</source>
        <translation>速率</translation>
    </message>
    <message>
        <source>How many bits pass per second: what advertisements call bandwidth.</source>
        <translation>每秒通过的比特数，即广告中所说的带宽。</translation>
    </message>
    <message>
        <source>Delay</source>
        <translation>时延</translation>
    </message>
    <message>
        <source>How long a packet is under way in one direction; a ping takes both.</source>
        <translation>数据包单方向的传输时间；ping 包含往返两个方向。</translation>
    </message>
    <message>
        <source>Jitter</source>
        <translation>抖动</translation>
    </message>
    <message>
        <source>How much the delay varies from packet to packet.</source>
        <translation>各数据包之间时延的变化幅度。</translation>
    </message>
    <message>
        <source>Jitter distribution</source>
        <translation>抖动分布</translation>
    </message>
    <message>
        <source>Jitter correlation</source>
        <translation>抖动相关性</translation>
    </message>
    <message>
        <source>Order under jitter</source>
        <translation>抖动下的顺序</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>丢包</translation>
    </message>
    <message>
        <source>The share of packets that never arrive, each by chance.</source>
        <translation>随机丢失、未到达的数据包比例。</translation>
    </message>
    <message>
        <source>Burst loss</source>
        <translation>突发丢包</translation>
    </message>
    <message>
        <source>The Gilbert-Elliott model: the link is good or bad, and loses packets in bursts while bad.</source>
        <translation>Gilbert-Elliott 模型：链路处于好或坏状态，坏状态时成串丢包。</translation>
    </message>
    <message>
        <source>Reordering</source>
        <translation>乱序</translation>
    </message>
    <message>
        <source>Corruption</source>
        <translation>损坏</translation>
    </message>
    <message>
        <source>Duplication</source>
        <translation>重复</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Where packets wait that come faster than the rate lets them pass; what finds it full is lost.</source>
        <translation>数据包来得比速率允许的快时在此等待；队列已满则丢弃。</translation>
    </message>
    <message>
        <source>Queue discipline</source>
        <translation>队列规则</translation>
    </message>
    <message>
        <source>Which packets a queue drops, and when.</source>
        <translation>队列在何时丢弃哪些数据包。</translation>
    </message>
    <message>
        <source>ECN</source>
        <translation>ECN</translation>
    </message>
    <message>
        <source>Explicit congestion notification: a mark on a packet that tells the sender to slow down.</source>
        <translation>显式拥塞通知：数据包上的标记，告诉发送方放慢速度。</translation>
    </message>
    <message>
        <source>CoDel target</source>
        <translation>CoDel 目标</translation>
    </message>
    <message>
        <source>CoDel interval</source>
        <translation>CoDel 间隔</translation>
    </message>
    <message>
        <source>MTU</source>
        <translation>MTU</translation>
    </message>
    <message>
        <source>Maximum transmission unit: the largest packet that passes whole.</source>
        <translation>最大传输单元：可完整通过的最大数据包。</translation>
    </message>
    <message>
        <source>Kind of link</source>
        <translation>链路类型</translation>
    </message>
    <message>
        <source>Ends</source>
        <translation>端点</translation>
    </message>
    <message>
        <source>Rate trace: file</source>
        <translation>速率轨迹：文件</translation>
    </message>
    <message>
        <source>A rate that follows a recording, of a mobile network for example.</source>
        <translation>按录制数据变化的速率，例如移动网络的记录。</translation>
    </message>
    <message>
        <source>Rate trace: table</source>
        <translation>速率轨迹：表格</translation>
    </message>
    <message>
        <source>Rate trace: period</source>
        <translation>速率轨迹：周期</translation>
    </message>
    <message>
        <source>Rate trace: loop</source>
        <translation>速率轨迹：循环</translation>
    </message>
    <message>
        <source>CPU cores</source>
        <translation>CPU 核数</translation>
    </message>
    <message>
        <source>Environment</source>
        <translation>环境变量</translation>
    </message>
    <message>
        <source>Start command</source>
        <translation>启动命令</translation>
    </message>
    <message>
        <source>Data center</source>
        <translation>数据中心</translation>
    </message>
    <message>
        <source>Routing</source>
        <translation>路由</translation>
    </message>
    <message>
        <source>How routers know where to send a packet next.</source>
        <translation>路由器如何知道把数据包送往何处。</translation>
    </message>
    <message>
        <source>Uplink</source>
        <translation>上联</translation>
    </message>
    <message>
        <source>A way out of the emulated network, into the real one.</source>
        <translation>从仿真网络通往真实网络的出口。</translation>
    </message>
    <message>
        <source>Global servers</source>
        <translation>全局服务器</translation>
    </message>
    <message>
        <source>They hold the model for all parties, in the central one.</source>
        <translation>在中心参与方中，为所有参与方保存模型。</translation>
    </message>
    <message>
        <source>Party servers</source>
        <translation>参与方服务器</translation>
    </message>
    <message>
        <source>They add up what the workers of their data center send, so that less of it crosses the WAN.</source>
        <translation>汇总本数据中心工作节点发送的内容，减少跨广域网的流量。</translation>
    </message>
    <message>
        <source>Workers</source>
        <translation>工作节点</translation>
    </message>
    <message>
        <source>They compute gradients, each from its own share of the data.</source>
        <translation>各自用自己的数据份额计算梯度。</translation>
    </message>
    <message>
        <source>Data set</source>
        <translation>数据集</translation>
    </message>
    <message>
        <source>Folder of the data</source>
        <translation>数据文件夹</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>HiPS, the hierarchical parameter server: one in each data center, and a global one above.</source>
        <translation>HiPS，分层参数服务器：每个数据中心一个，其上还有一个全局的。</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>批大小</translation>
    </message>
    <message>
        <source>How many samples one gradient is the mean of.</source>
        <translation>一个梯度是多少个样本的平均。</translation>
    </message>
    <message>
        <source>Epochs</source>
        <translation>轮数 (epoch)</translation>
    </message>
    <message>
        <source>How often each sample is seen.</source>
        <translation>每个样本被使用的次数。</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>回合数</translation>
    </message>
    <message>
        <source>How often the model is brought up to date by all together.</source>
        <translation>所有节点共同更新模型的次数。</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>优化器</translation>
    </message>
    <message>
        <source>How a gradient becomes a step of the model&apos;s parameters.</source>
        <translation>梯度如何变成模型参数的一步更新。</translation>
    </message>
    <message>
        <source>Synchronisation</source>
        <translation>同步</translation>
    </message>
    <message>
        <source>Who waits for whom before the next step.</source>
        <translation>下一步之前谁等待谁。</translation>
    </message>
    <message>
        <source>Compression</source>
        <translation>压缩</translation>
    </message>
    <message>
        <source>How gradients are made smaller before they travel.</source>
        <translation>梯度在传输前如何变小。</translation>
    </message>
    <message>
        <source>Learning rate schedule</source>
        <translation>学习率计划</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>How large a step is.</source>
        <translation>每一步的大小。</translation>
    </message>
    <message>
        <source>Outer learning rate</source>
        <translation>外层学习率</translation>
    </message>
    <message>
        <source>Outer momentum</source>
        <translation>外层动量</translation>
    </message>
    <message>
        <source>DC-ASGD</source>
        <translation>DC-ASGD</translation>
    </message>
    <message>
        <source>Corrects a gradient that comes late for what has changed since.</source>
        <translation>对迟到的梯度按其间的变化进行修正。</translation>
    </message>
    <message>
        <source>DC-ASGD lambda</source>
        <translation>DC-ASGD λ</translation>
    </message>
    <message>
        <source>P3</source>
        <translation>P3</translation>
    </message>
    <message>
        <source>Priority propagation: what the next step needs first travels first.</source>
        <translation>优先传播：下一步最先需要的最先传输。</translation>
    </message>
    <message>
        <source>P3 slice</source>
        <translation>P3 切片</translation>
    </message>
    <message>
        <source>DGT</source>
        <translation>DGT</translation>
    </message>
    <message>
        <source>TSEngine</source>
        <translation>TSEngine</translation>
    </message>
    <message>
        <source>Bound of large tensors</source>
        <translation>大张量的界限</translation>
    </message>
    <message>
        <source>Stragglers</source>
        <translation>慢节点</translation>
    </message>
    <message>
        <source>Workers that are slower than the others.</source>
        <translation>比其他节点慢的工作节点。</translation>
    </message>
    <message>
        <source>Dirichlet alpha</source>
        <translation>狄利克雷 α</translation>
    </message>
    <message>
        <source>Split of the data</source>
        <translation>数据划分</translation>
    </message>
    <message>
        <source>Split by class</source>
        <translation>按类别划分</translation>
    </message>
    <message>
        <source>At</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>At least</source>
        <translation>至少</translation>
    </message>
    <message>
        <source>At most</source>
        <translation>至多</translation>
    </message>
    <message>
        <source>Measured value</source>
        <translation>测量值</translation>
    </message>
    <message>
        <source>Program and arguments</source>
        <translation>程序与参数</translation>
    </message>
    <message>
        <source>May fail</source>
        <translation>允许失败</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>The number that all chance is drawn from: the same again, the same run.</source>
        <translation>所有随机性的来源：种子相同，运行相同。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>种类</translation>
    </message>
    <message>
        <source>Link</source>
        <translation>链路</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>方向</translation>
    </message>
    <message>
        <source>Rate trace</source>
        <translation>速率轨迹</translation>
    </message>
    <message>
        <source>Hosts</source>
        <translation>主机数</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Latitude</source>
        <translation>纬度</translation>
    </message>
    <message>
        <source>Longitude</source>
        <translation>经度</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Augmentation</source>
        <translation>数据增强</translation>
    </message>
    <message>
        <source>Checkpoints</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>Smallest tensor compressed</source>
        <translation>压缩的最小张量</translation>
    </message>
    <message>
        <source>Share that is sent</source>
        <translation>发送比例</translation>
    </message>
    <message>
        <source>Threshold of 2bit</source>
        <translation>2bit 阈值</translation>
    </message>
    <message>
        <source>Values of what is sent</source>
        <translation>所发送数值的格式</translation>
    </message>
    <message>
        <source>Seconds per step</source>
        <translation>每步计算秒数</translation>
    </message>
    <message>
        <source>Context length</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>Evaluate every</source>
        <translation>评估间隔</translation>
    </message>
    <message>
        <source>Messages dropped</source>
        <translation>丢弃的消息</translation>
    </message>
    <message>
        <source>Heartbeat every</source>
        <translation>心跳间隔</translation>
    </message>
    <message>
        <source>Dead after silence of</source>
        <translation>无心跳判定失效时间</translation>
    </message>
    <message>
        <source>Wait for joining</source>
        <translation>加入等待时限</translation>
    </message>
    <message>
        <source>When a worker dies</source>
        <translation>工作节点失效时</translation>
    </message>
    <message>
        <source>Wait for rejoining</source>
        <translation>重新加入时限</translation>
    </message>
    <message>
        <source>Resending</source>
        <translation>重发</translation>
    </message>
    <message>
        <source>Resend after</source>
        <translation>重发等待时间</translation>
    </message>
    <message>
        <source>Longest round</source>
        <translation>单轮时限</translation>
    </message>
    <message>
        <source>Clip to norm</source>
        <translation>按范数裁剪</translation>
    </message>
    <message>
        <source>Clip values</source>
        <translation>按数值裁剪</translation>
    </message>
    <message>
        <source>Momentum</source>
        <translation>动量</translation>
    </message>
    <message>
        <source>Nesterov momentum</source>
        <translation>Nesterov 动量</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>权重衰减</translation>
    </message>
    <message>
        <source>Schedule: every</source>
        <translation>调度：间隔</translation>
    </message>
    <message>
        <source>Schedule: floor</source>
        <translation>调度：下限</translation>
    </message>
    <message>
        <source>Schedule: gamma</source>
        <translation>调度：衰减系数</translation>
    </message>
    <message>
        <source>Schedule: total</source>
        <translation>调度：总长</translation>
    </message>
    <message>
        <source>Schedule: warm-up</source>
        <translation>调度：预热</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Profile</source>
        <translation>性能模型</translation>
    </message>
    <message>
        <source>Security</source>
        <translation>安全</translation>
    </message>
    <message>
        <source>Steps between parties (K1)</source>
        <translation>本地步数 K1</translation>
    </message>
    <message>
        <source>Rounds between parties (K2)</source>
        <translation>域内轮数 K2</translation>
    </message>
    <message>
        <source>Local steps</source>
        <translation>本地步数</translation>
    </message>
    <message>
        <source>After</source>
        <translation>之后于</translation>
    </message>
    <message>
        <source>In the background</source>
        <translation>后台运行</translation>
    </message>
    <message>
        <source>Directory</source>
        <translation>工作目录</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Time limit</source>
        <translation>时限</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>接通</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>断开</translation>
    </message>
    <message>
        <source>Flapping</source>
        <translation>反复断续</translation>
    </message>
    <message>
        <source>Ramp</source>
        <translation>渐变</translation>
    </message>
    <message>
        <source>At random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>Repeat</source>
        <translation>重复</translation>
    </message>
    <message>
        <source>Kill</source>
        <translation>杀死</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重启</translation>
    </message>
    <message>
        <source>Ready: file</source>
        <translation>就绪：文件</translation>
    </message>
    <message>
        <source>Ready: output</source>
        <translation>就绪：输出</translation>
    </message>
    <message>
        <source>Ready: port</source>
        <translation>就绪：端口</translation>
    </message>
    <message>
        <source>Ready: within</source>
        <translation>就绪：时限</translation>
    </message>
    <message>
        <source>Sweep</source>
        <translation>参数扫描</translation>
    </message>
    <message>
        <source>New: %1</source>
        <translation>改为：%1</translation>
    </message>
</context>
<context>
    <name>geomx::gui::PropertyField</name>
    <message>
        <source>(several)</source>
        <translation>（多个值）</translation>
    </message>
    <message>
        <source>%1 (default)</source>
        <translation>%1（默认）</translation>
    </message>
    <message>
        <source>for example %1</source>
        <translation>例如 %1</translation>
    </message>
    <message>
        <source>(none)</source>
        <translation>（无）</translation>
    </message>
</context>
<context>
    <name>geomx::gui::PropertyForm</name>
    <message>
        <source>Show all properties</source>
        <translation>显示全部属性</translation>
    </message>
    <message>
        <source>Show fewer properties</source>
        <translation>显示较少属性</translation>
    </message>
</context>
<context>
    <name>geomx::gui::RenameField</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
</context>
<context>
    <name>geomx::gui::ReportPage</name>
    <message>
        <source>The run is complete</source>
        <translation>运行已完成</translation>
    </message>
    <message>
        <source>The run was stopped; this is what it had reached</source>
        <translation>运行已被停止；以下是停止前的结果</translation>
    </message>
    <message>
        <source>The run has failed</source>
        <translation>运行失败</translation>
    </message>
    <message>
        <source>It took %1 s.</source>
        <translation>用时 %1 秒。</translation>
    </message>
    <message>
        <source>at least %1</source>
        <translation>至少 %1</translation>
    </message>
    <message>
        <source>at most %1</source>
        <translation>至多 %1</translation>
    </message>
    <message>
        <source>met</source>
        <translation>达到</translation>
    </message>
    <message>
        <source>not met</source>
        <translation>未达到</translation>
    </message>
    <message>
        <source>Expectations</source>
        <translation>期望</translation>
    </message>
    <message>
        <source>Measured value</source>
        <translation>测量值</translation>
    </message>
    <message>
        <source>Wanted</source>
        <translation>期望值</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Test accuracy</source>
        <translation>测试准确率</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>丢包</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>回合数</translation>
    </message>
    <message>
        <source>Samples per second</source>
        <translation>每秒样本数</translation>
    </message>
    <message>
        <source>Over the WAN</source>
        <translation>经广域网</translation>
    </message>
    <message>
        <source>Inside data centers</source>
        <translation>数据中心内部</translation>
    </message>
    <message>
        <source>Accuracy of %1 after</source>
        <translation>达到准确率 %1 用时</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Exit code</source>
        <translation>退出码</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>秒数</translation>
    </message>
    <message>
        <source>Links of the WAN, as asked / as measured</source>
        <translation>广域网链路：要求值 / 测量值</translation>
    </message>
    <message>
        <source>Link</source>
        <translation>链路</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>速率</translation>
    </message>
    <message>
        <source>Delay</source>
        <translation>时延</translation>
    </message>
    <message>
        <source>Bytes</source>
        <translation>字节</translation>
    </message>
    <message>
        <source>Drops</source>
        <translation>丢弃</translation>
    </message>
    <message>
        <source>Was the network what was asked for?</source>
        <translation>网络是否符合要求？</translation>
    </message>
    <message>
        <source>Training loss</source>
        <translation>训练损失</translation>
    </message>
</context>
<context>
    <name>geomx::gui::ReportPanel</name>
    <message>
        <source>&amp;Open the folder</source>
        <translation>打开文件夹(&amp;O)</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>The run&apos;s folder: measurements, logs, and the scenario as it ran</source>
        <translation>运行的文件夹：测量数据、日志以及实际运行的场景</translation>
    </message>
    <message>
        <source>No program here shows folders. It is %1</source>
        <translation>这里没有可显示文件夹的程序。它位于 %1</translation>
    </message>
    <message>
        <source>What came of a run stands here once it has ended.</source>
        <translation>运行结束后，这里显示其结果。</translation>
    </message>
    <message>
        <source>The run goes on, or has ended before it could say what came of it.</source>
        <translation>运行仍在进行，或者在给出结果之前就结束了。</translation>
    </message>
</context>
<context>
    <name>geomx::gui::RunBar</name>
    <message>
        <source>&amp;Check</source>
        <translation>检查(&amp;C)</translation>
    </message>
    <message>
        <source>Look for mistakes in the scenario; nothing is made</source>
        <translation>查找场景中的错误；不创建任何东西</translation>
    </message>
    <message>
        <source>&amp;Up</source>
        <translation>启动(&amp;U)</translation>
    </message>
    <message>
        <source>Build the network without its job, and leave it running</source>
        <translation>只搭建网络而不运行任务，并保持运行</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>运行(&amp;R)</translation>
    </message>
    <message>
        <source>Build the network, run the job in it, and say what came of it</source>
        <translation>搭建网络，在其中运行任务，并给出结果</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>停止(&amp;S)</translation>
    </message>
    <message>
        <source>As Ctrl-C in a terminal: the run ends and keeps its results so far. Once more: it is killed</source>
        <translation>如同终端中的 Ctrl-C：运行结束并保留已有结果。再按一次：强制终止</translation>
    </message>
    <message>
        <source>&amp;Down</source>
        <translation>拆除(&amp;D)</translation>
    </message>
    <message>
        <source>End the lab that is attached, and all that runs in it</source>
        <translation>结束已接入的实验及其中运行的一切</translation>
    </message>
    <message>
        <source>&amp;Attach...</source>
        <translation>接入(&amp;A)……</translation>
    </message>
    <message>
        <source>Watch and change a lab that is running already</source>
        <translation>观察并更改已在运行的实验</translation>
    </message>
    <message>
        <source>De&amp;tach</source>
        <translation>脱离(&amp;T)</translation>
    </message>
    <message>
        <source>Stop watching; the lab and its run go on</source>
        <translation>停止观察；实验及其运行继续</translation>
    </message>
    <message>
        <source>Doct&amp;or</source>
        <translation>诊断(&amp;O)</translation>
    </message>
    <message>
        <source>What this machine can do, and what to do about what it cannot</source>
        <translation>本机能做什么，以及如何解决不能做的</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Fidelity</source>
        <translation>保真度</translation>
    </message>
    <message>
        <source>checking</source>
        <translation>正在检查</translation>
    </message>
    <message>
        <source>looking at this machine</source>
        <translation>正在查看本机</translation>
    </message>
    <message>
        <source>taking the lab down</source>
        <translation>正在拆除实验</translation>
    </message>
    <message>
        <source>building the network</source>
        <translation>正在搭建网络</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>loss %1</source>
        <translation>损失 %1</translation>
    </message>
    <message>
        <source>accuracy %1 %</source>
        <translation>准确率 %1 %</translation>
    </message>
    <message>
        <source>%1 samples/s</source>
        <translation>%1 样本/秒</translation>
    </message>
    <message>
        <source>waiting for %1</source>
        <translation>正在等待 %1</translation>
    </message>
    <message>
        <source>stopping</source>
        <translation>正在停止</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>fidelity: %1</source>
        <translation>保真度：%1</translation>
    </message>
    <message>
        <source>Whether the network is what was asked for: %1 now, %2 since the lab came up.</source>
        <translation>网络是否与要求一致：当前 %1，自实验启动以来 %2。</translation>
    </message>
</context>
<context>
    <name>geomx::gui::RunProcess</name>
    <message>
        <source>it was ended by a signal</source>
        <translation>它被信号终止</translation>
    </message>
    <message>
        <source>geomx-emu was found neither beside this program nor in PATH (install both together)</source>
        <translation>在本程序旁和 PATH 中都找不到 geomx-emu（请一并安装）</translation>
    </message>
    <message>
        <source>%1 cannot be started: %2</source>
        <translation>无法启动 %1：%2</translation>
    </message>
    <message>
        <source>it ended with exit code %1</source>
        <translation>它以退出码 %1 结束</translation>
    </message>
</context>
<context>
    <name>geomx::gui::ScenarioFile</name>
    <message>
        <source>Recover unsaved changes</source>
        <translation>恢复未保存的更改</translation>
    </message>
    <message>
        <source>Reload from disk</source>
        <translation>从磁盘重新载入</translation>
    </message>
</context>
<context>
    <name>geomx::gui::SearchBar</name>
    <message>
        <source>Name of a node or link</source>
        <translation>节点或链路的名称</translation>
    </message>
    <message>
        <source>The one before (Shift+Enter)</source>
        <translation>上一个 (Shift+Enter)</translation>
    </message>
    <message>
        <source>The next one (Enter)</source>
        <translation>下一个 (Enter)</translation>
    </message>
    <message>
        <source>Close (Esc)</source>
        <translation>关闭 (Esc)</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
</context>
<context>
    <name>geomx::gui::Template</name>
    <message>
        <source>Hosts</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>How many hosts in all</source>
        <translation>主机总数</translation>
    </message>
    <message>
        <source>Data centers</source>
        <translation>数据中心</translation>
    </message>
    <message>
        <source>How many data centers share them; 0: one for each host</source>
        <translation>分布在多少个数据中心；0：每台主机一个</translation>
    </message>
    <message>
        <source>Star</source>
        <translation>星形</translation>
    </message>
    <message>
        <source>Hosts on one switch</source>
        <translation>连在一台交换机上的主机</translation>
    </message>
    <message>
        <source>Row</source>
        <translation>线形</translation>
    </message>
    <message>
        <source>Data centers in a row</source>
        <translation>排成一行的数据中心</translation>
    </message>
    <message>
        <source>Ring</source>
        <translation>环形</translation>
    </message>
    <message>
        <source>Data centers in a ring</source>
        <translation>连成环的数据中心</translation>
    </message>
    <message>
        <source>Mesh</source>
        <translation>全互联</translation>
    </message>
    <message>
        <source>Data centers, every two joined</source>
        <translation>两两相连的数据中心</translation>
    </message>
    <message>
        <source>Tree</source>
        <translation>树形</translation>
    </message>
    <message>
        <source>Hosts below a tree of routers</source>
        <translation>路由器树下的主机</translation>
    </message>
    <message>
        <source>Fan-out</source>
        <translation>分支数</translation>
    </message>
    <message>
        <source>Children of each router</source>
        <translation>每个路由器的子节点数</translation>
    </message>
    <message>
        <source>Fat tree</source>
        <translation>胖树</translation>
    </message>
    <message>
        <source>Hosts below a k-ary fat tree of routers</source>
        <translation>k 叉胖树路由器下的主机</translation>
    </message>
    <message>
        <source>Ports (k)</source>
        <translation>端口数 (k)</translation>
    </message>
    <message>
        <source>Ports of each router; 0: as few as will do</source>
        <translation>每个路由器的端口数；0：够用即可</translation>
    </message>
    <message>
        <source>Waxman (random)</source>
        <translation>Waxman（随机）</translation>
    </message>
    <message>
        <source>Data centers joined at random, near ones rather than far ones</source>
        <translation>随机相连的数据中心，近的多于远的</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>Same seed, same network</source>
        <translation>种子相同，网络相同</translation>
    </message>
    <message>
        <source>%1 (real)</source>
        <translation>%1（真实网络）</translation>
    </message>
    <message>
        <source>A real network. Source: %1</source>
        <translation>真实网络。来源：%1</translation>
    </message>
    <message>
        <source>How many hosts in all; 0: one at each site</source>
        <translation>主机总数；0：每个站点一台</translation>
    </message>
</context>
<context>
    <name>geomx::gui::TemplateDialog</name>
    <message>
        <source>New from a template</source>
        <translation>从模板新建</translation>
    </message>
    <message>
        <source>Templates</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>as the template has it, or e.g. 100Mbit</source>
        <translation>按模板，或例如 100Mbit</translation>
    </message>
    <message>
        <source>as the template has it, or e.g. 20ms</source>
        <translation>按模板，或例如 20ms</translation>
    </message>
    <message>
        <source>How many bits per second a link lets through.</source>
        <translation>链路每秒可通过多少比特。</translation>
    </message>
    <message>
        <source>How long a packet takes from one end of a link to the other, one way.</source>
        <translation>数据包从链路一端到另一端的单程时间。</translation>
    </message>
    <message>
        <source>C&amp;reate</source>
        <translation>创建(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Rate of links</source>
        <translation>链路速率(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Delay of links</source>
        <translation>链路时延(&amp;D)</translation>
    </message>
</context>
<context>
    <name>geomx::gui::TextPanel</name>
    <message>
        <source>Text of the scenario file</source>
        <translation>场景文件的文本</translation>
    </message>
    <message>
        <source>Edit the text</source>
        <translation>编辑文本</translation>
    </message>
</context>
<context>
    <name>geomx::gui::TimelinePanel</name>
    <message>
        <source>gather</source>
        <translation>汇集</translation>
    </message>
    <message>
        <source>compute</source>
        <translation>计算</translation>
    </message>
    <message>
        <source>push</source>
        <translation>推送</translation>
    </message>
    <message>
        <source>wait</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>pull</source>
        <translation>拉取</translation>
    </message>
    <message>
        <source>Fo&amp;llow</source>
        <translation>跟随(&amp;L)</translation>
    </message>
    <message>
        <source>Keep the latest round in sight</source>
        <translation>始终显示最新一轮</translation>
    </message>
</context>
<context>
    <name>geomx::gui::TimelineView</name>
    <message>
        <source>Timeline</source>
        <translation>时间线</translation>
    </message>
    <message>
        <source>events</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>No rounds yet</source>
        <translation>还没有轮次</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>%1 s: %2</source>
        <translation>%1 秒：%2</translation>
    </message>
    <message>
        <source>%1, round %2: %3 ms</source>
        <translation>%1，第 %2 轮：%3 ms</translation>
    </message>
    <message>
        <source>%1 %2 ms</source>
        <translation>%1 %2 ms</translation>
    </message>
</context>
<context>
    <name>geomx::gui::TopologyModel</name>
    <message numerus="yes">
        <source>Paste %n items</source>
        <translation>
            <numerusform>粘贴 %n 个对象</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n links</source>
        <translation>
            <numerusform>%n 条链路</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n items</source>
        <translation>
            <numerusform>%n 个对象</numerusform>
        </translation>
    </message>
    <message>
        <source>Add data center %1</source>
        <translation>添加数据中心 %1</translation>
    </message>
    <message>
        <source>Add router %1</source>
        <translation>添加路由器 %1</translation>
    </message>
    <message>
        <source>Add switch %1</source>
        <translation>添加交换机 %1</translation>
    </message>
    <message>
        <source>Add host %1</source>
        <translation>添加主机 %1</translation>
    </message>
    <message>
        <source>Connect %1 and %2</source>
        <translation>连接 %1 和 %2</translation>
    </message>
    <message>
        <source>Remove %1</source>
        <translation>删除 %1</translation>
    </message>
    <message>
        <source>Rename %1 to %2</source>
        <translation>把 %1 改名为 %2</translation>
    </message>
    <message>
        <source>Remove %1 of %2</source>
        <translation>删除 %2 的 %1</translation>
    </message>
    <message>
        <source>Set %1 of %2 to %3</source>
        <translation>把 %2 的 %1 设为 %3</translation>
    </message>
    <message>
        <source>Remove preset of %1</source>
        <translation>取消 %1 的预设</translation>
    </message>
    <message>
        <source>Make %1 a link of kind %2</source>
        <translation>把 %1 设为 %2 类型的链路</translation>
    </message>
    <message>
        <source>Set %1 to %2</source>
        <translation>把 %1 设为 %2</translation>
    </message>
    <message>
        <source>Take %1 out of the training</source>
        <translation>让 %1 退出训练</translation>
    </message>
    <message>
        <source>Set the part of %1 in the training</source>
        <translation>设定 %1 在训练中的角色</translation>
    </message>
    <message>
        <source>Add a training job</source>
        <translation>添加训练任务</translation>
    </message>
    <message>
        <source>Remove the training job</source>
        <translation>删除训练任务</translation>
    </message>
    <message>
        <source>Add to %1</source>
        <translation>添加到 %1</translation>
    </message>
    <message>
        <source>Remove from %1</source>
        <translation>从 %1 中删除</translation>
    </message>
    <message>
        <source>Move in %1</source>
        <translation>在 %1 中移动</translation>
    </message>
</context>
<context>
    <name>geomx::gui::Tour</name>
    <message>
        <source>&amp;Back</source>
        <translation>上一步(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;End the tour</source>
        <translation>结束导览(&amp;E)</translation>
    </message>
    <message>
        <source>Step %1 of %2</source>
        <translation>第 %1 步，共 %2 步</translation>
    </message>
    <message>
        <source>&amp;Done</source>
        <translation>完成(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>下一步(&amp;N)</translation>
    </message>
</context>
<context>
    <name>geomx::gui::TrainingPanel</name>
    <message>
        <source>&amp;Each worker</source>
        <translation>各工作节点(&amp;E)</translation>
    </message>
    <message>
        <source>training loss</source>
        <translation>训练损失</translation>
    </message>
    <message>
        <source>test accuracy, %</source>
        <translation>测试准确率，%</translation>
    </message>
    <message>
        <source>samples per second</source>
        <translation>每秒样本数</translation>
    </message>
    <message>
        <source>over the WAN, MB</source>
        <translation>经过广域网，MB</translation>
    </message>
    <message>
        <source>A thin line for each worker beside that of all</source>
        <translation>在总线条旁为每个工作节点画一条细线</translation>
    </message>
    <message>
        <source>loss %1</source>
        <translation>损失 %1</translation>
    </message>
    <message>
        <source>accuracy %1 %</source>
        <translation>准确率 %1 %</translation>
    </message>
    <message>
        <source>%1 samples/s</source>
        <translation>%1 样本/秒</translation>
    </message>
    <message>
        <source>%1 MB over the WAN</source>
        <translation>经广域网 %1 MB</translation>
    </message>
    <message>
        <source>all workers: %1</source>
        <translation>全部工作节点：%1</translation>
    </message>
    <message>
        <source>and %1 more</source>
        <translation>另有 %1 个</translation>
    </message>
    <message>
        <source>No training is attached.</source>
        <translation>没有接入训练。</translation>
    </message>
</context>
</TS>
