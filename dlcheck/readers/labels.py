"""The labels under which programs and people write one fact, in lower case, the most telling first.

lscpu, free and systeminfo translate theirs; the translations are those of util-linux, procps and Windows.
"""

from __future__ import annotations


def names(table: str) -> tuple[str, ...]:
    """The labels of a table that separates them by bars."""
    return tuple(name.strip() for name in table.split("|"))


FRAMEWORKS = {
    "torch": names(
        "pytorch version (gpu?) | pytorch version | torch version | pytorch | torch | torch.__version__ | pytorch_version"
        " | torch library | torch_version"
        " | pytorch.version | pytorch版本 | pytorch 版本 | torch版本 | version of pytorch | pt_version"
    ),
    "tensorflow": names(
        "tensorflow version (gpu?) | tensorflow version (use command below) | tensorflow version | tensorflow | tf version"
        " | tf.version.version | tf.__version__ | tensorflow版本 | tensorflow 版本 | version of tensorflow | tf | tf_version"
        " | tensorflow version (you are using) | tensorflow/tf-keras version"
    ),
    "keras": names("keras version | keras | keras.__version__ | tf.keras version"),
    "jax": names("jax version | jax | jax.__version__"),
    "jaxlib": names("jaxlib version | jaxlib | jaxlib.version"),
    "torchvision": names("torchvision version | torchvision"),
    "torchaudio": names("torchaudio version | torchaudio"),
}
CUDA = names(
    "torch cuda version | cuda version (from torch) | pytorch cuda version | torch.version.cuda | cuda compiled version"
    " | torch cuda | pytorch built with cuda | cuda used to build pytorch | pytorch.cuda"
)
"""What PyTorch was built with; a bare "CUDA version" may be the driver's or the toolkit's."""
CUDNN = names("cudnn version | cudnn | torch cudnn version | torch.backends.cudnn.version() | cudnn_version")
AVAILABLE = names(
    "cuda available | torch.cuda.is_available() | cuda is available | gpu available | cuda_available"
    " | torch cuda available | pytorch cuda available | cuda是否可用 | gpu是否可用 | gpu is available | is_available"
    " | available"
)
PYTHON = names(
    "python version | python | python_version | python版本 | python 版本 | sys.version | version of python | python runtime"
)
GPUS = names(
    "gpu name | gpu type | gpu model and memory | gpu model | gpu | gpu device | device name | gpu models | cuda device name"
    " | cuda device | accelerator | graphics card | video card | gpu(s) | gpus | torch.cuda.get_device_name(0)"
    " | current device | current gpu | 显卡 | 显卡型号 | gpu型号 | gpu 型号 | gpu 0 | gpu name(s) | gpu info | hardware"
    " | gpu_name | gpu.name | card name | name | caption | video controller"
)
CPUS = names(
    "cpu model | cpu name | cpu | processor | cpu info | cpu type | cpu brand | cpu型号 | 处理器 | 中央处理器 | name"
)
CPU_COUNTS = names(
    "cpu count | cpu_count | number of cpus | cpu numberoflogicalprocessors | logical cpus | num cpus | cpu count (logical)"
)
DRIVER = names(
    "nvidia driver version | nvidia driver | driver version | gpu driver version | cuda driver version | driver"
    " | 显卡驱动版本 | 驱动版本"
)
PACKAGES = names(
    "transformers | accelerate | huggingface_hub | safetensors | diffusers | peft | numpy | deepspeed | tokenizers | datasets"
    " | bitsandbytes | xformers | flash-attn | vllm | triton | pytorch-lightning | lightning | torchmetrics | mmcv | opencv"
    " | timm | ultralytics | fastai | torchtext | flax | optax | optimum | scipy | protobuf | onnx | onnxruntime | ipex"
    " | ipex-llm | bigdl-llm | intel_extension_for_pytorch | tensorflow-gpu | pandas | h5py | scikit-learn | trl | gradio"
    " | sentencepiece | pip | setuptools | cuda-python | mmdet | mmengine | detectron2 | openvino | apex"
    " | sentence-transformers"
)
LSCPU = {
    "architecture": names(
        "architecture | architektur | 架构 | 架構 | アーキテクチャ | архитектура | arquitectura | arquitetura"
    ),
    "model": names(
        "model name | modellname | 型号名称 | 型號名稱 | モデル名 | имя модели | nombre del modelo | nome do modelo"
        " | nom de modèle | nome modello | bios model name | cpu name"
    ),
    "vendor": names(
        "vendor id | anbieterkennung | 厂商 id | 厂商_id | 廠商識別碼 | 製造業者 id | ベンダー id | id производителя"
        " | id de fabricante | id de proveedor | id de fornecedor | identifiant constructeur | id produttore | vendor_id"
    ),
    "cpus": names("cpu(s) | cpu | cpu:s | cpu 数 | processeur(s) | cpu-k"),
    "threads": names(
        "thread(s) per core | thread(s) pro kern | 每个核的线程数 | 每個核心的執行緒 | コアあたりのスレッド数"
        " | потоков на ядро | hilo(s) de procesamiento por núcleo | hilo(s) por «core» | thread(s) per núcleo"
        " | thread(s) par cœur | thread per core"
    ),
    "cores": names(
        "core(s) per socket | kern(e) pro socket | kern(e) pro sockel | 每个座的核数 | 每個通訊端的核心數"
        " | ソケットあたりのコア数 | ядер на сокет | núcleo(s) por «socket» | núcleo(s) por soquete | cœur(s) par socket"
        " | core per socket | core(s) per cluster"
    ),
    "sockets": names(
        "socket(s) | sockel | 座 | 插槽數 | ソケット数 | сокетов | «socket(s)» | soquete(s) | socket | socket(s) per book"
        " | cluster(s)"
    ),
    "hypervisor": names(
        "hypervisor vendor | hypervisor-anbieter | 超管理器厂商 | 虛擬化廠商 | ハイパーバイザの製造業者"
        " | разработчик гипервизора | fabricante del hipervisor | fabricante do hipervisor | constructeur d'hyperviseur"
        " | hypervisor"
    ),
    "flags": names(
        "flags | markierungen | 标记 | 標誌 | フラグ | флаги | indicadores | opções | drapeaux | features | isa"
    ),
}
SYSTEMINFO = {
    "os name": names(
        "os name | betriebssystemname | os 名称 | nom du système d’exploitation | nombre del sistema operativo | название ос"
        " | os 名 | 作業系統名稱 | nome do sistema operacional"
    ),
    "os version": names(
        "os version | betriebssystemversion | os 版本 | version du système | versión del sistema operativo | версия ос"
        " | os バージョン | 作業系統版本 | versão do sistema operacional"
    ),
    "maker": names(
        "system manufacturer | systemhersteller | 系统制造商 | fabricant du système | fabricante del sistema"
        " | изготовитель системы | システム製造元"
    ),
    "product": names(
        "system model | systemmodell | 系统型号 | modèle du système | modelo el sistema | модель системы | システム モデル"
    ),
    "type": names(
        "system type | systemtyp | 系统类型 | type du système | tipo de sistema | тип системы | システムの種類"
    ),
    "total": names(
        "total physical memory | gesamter physikalischer speicher | gesamter physischer speicher | 物理内存总量"
        " | mémoire physique totale | cantidad total de memoria física | полный объем физической памяти | 物理メモリの合計"
    ),
    "available": names(
        "available physical memory | verfügbarer physischer speicher | 可用的物理内存 | mémoire physique disponible"
    ),
}
